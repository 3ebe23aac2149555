import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useHub } from '../context';
import { doneWords, metricWords, placeWords } from '../jobs/progress/words';
import type { IJobProgress } from '../jobs/views';
import { formatBytes } from '../quantity';
import type { IGitState, IRun } from './views';

/** Where a run came from, and whether anything of it is missing. */
export function RunFacts({ run }: { run: IRun }): JSX.Element {
  const { trans } = useHub();
  const { git, missing, progress } = run;
  const facts: [string, string | null | undefined][] = [
    [trans.__('Run'), run.run],
    [trans.__('Submitted again from'), run.from_run],
    [trans.__('Submitted by'), run.user],
    [trans.__('Submitted'), localTime(run.created)],
    [trans.__('Finished'), localTime(run.finished)],
    [trans.__('Progress'), progress && progressText(progress, trans)],
    [trans.__('Commit'), git && commitText(git, trans)],
    [trans.__('Repository'), git?.remote],
    [trans.__('Image digest'), run.image_digest],
    [trans._p('bytes', 'Size'), formatBytes(run.size)]
  ];
  return (
    <>
      {run.problem && (
        <p className="jp-TrainHub-notice" role="alert">
          {run.problem}
        </p>
      )}
      {missing.length > 0 && (
        <div className="jp-TrainHub-notice" role="status">
          {trans.__('The record is not complete. It lacks:')}
          <ul>
            {missing.map(({ what, why }) => (
              <li key={what}>
                {what}: {why}
              </li>
            ))}
          </ul>
        </div>
      )}
      <table className="jp-TrainHub-table jp-TrainHub-specTable">
        <caption className="jp-TrainHub-hidden">
          {trans.__('Where the run came from')}
        </caption>
        <tbody>
          {facts.map(
            ([name, text]) =>
              text && (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{text}</td>
                </tr>
              )
          )}
        </tbody>
      </table>
      {run.remark && <p className="jp-TrainHub-lead">{run.remark}</p>}
    </>
  );
}

/** A commit in short, with what is to know of it. */
export function commitText(
  { commit, branch, dirty }: IGitState,
  trans: TranslationBundle
): string {
  const name = commit ?? trans.__('none yet');
  const place = branch ? trans.__('%1 on %2', name, branch) : name;
  return dirty ? trans.__('%1, with changes since', place) : place;
}

/** How far it came, and its metrics then. */
function progressText(
  progress: IJobProgress,
  trans: TranslationBundle
): string {
  const metrics = Object.entries(progress.metrics);
  return [
    progress.fraction === null ? '' : doneWords(progress, trans),
    ...placeWords(progress, trans),
    ...metrics.map(([name, value]) => metricWords(name, value))
  ]
    .filter(Boolean)
    .join(' · ');
}

function localTime(time: string | null): string | null {
  return time && new Date(time).toLocaleString();
}
