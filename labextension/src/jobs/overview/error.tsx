import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React, { useState } from 'react';
import { CommandIDs } from '../../commands';
import { useHub } from '../../context';
import {
  CopyButton,
  Evidence,
  Fold,
  Followers,
  Hints,
  LogButton,
  SmallButton,
  SourceLines
} from '../failure/parts';
import type { IFailure, IPlace, IRankFailure } from '../failure/views';
import {
  errorText,
  failedFile,
  fileOf,
  isInterrupted,
  notebookPath,
  placeWord,
  whoWord
} from '../failure/words';
import { isFinished, type IJob } from '../views';
import { useRequest } from '../../useRequest';

/** Why a job failed, attempt by attempt: the first rank and what it said; what would do. */
export function JobFailure({ job }: { job: IJob }): JSX.Element | null {
  const { api, trans } = useHub();
  const attempts = [
    ...job.earlier
      .filter(({ phase }) => phase === 'Failed')
      .map(({ attempt }) => attempt),
    ...(isFinished(job.phase) && job.phase !== 'Succeeded' ? [job.attempt] : [])
  ];
  const [chosen, setChosen] = useState<number | null>(null);
  const attempt = chosen ?? attempts[attempts.length - 1];
  const { value, problem } = useRequest(
    async () =>
      attempt === undefined ? null : await api.jobs.failure(job.name, attempt),
    `${job.uid} ${attempt} ${job.phase}`
  );
  const failure = value?.attempt === attempt ? value : null;
  const { root = null, others = [] } = failure ?? {};
  if (attempt === undefined || (failure && !root && others.length === 0)) {
    return null;
  }
  return (
    <section className="jp-TrainHub-failure">
      <h2>{trans.__('What went wrong')}</h2>
      {attempts.length > 1 && (
        <label>
          {trans.__('Attempt')}{' '}
          <select
            className="jp-TrainHub-select"
            value={attempt}
            onChange={({ target }) => setChosen(Number(target.value))}
          >
            {attempts.map(attempt => (
              <option key={attempt}>{attempt}</option>
            ))}
          </select>
        </label>
      )}
      {problem && !failure && <p role="status">{problem}</p>}
      {failure && (
        <>
          <Hints hints={failure.hints} />
          {root && <RankFailure failure={failure} rank={root} />}
          <Followers followers={failure.followers} />
          {others.length > 0 && (
            <Fold
              label={
                others.every(isInterrupted)
                  ? trans._n(
                      'Where %1 rank was',
                      'Where %1 ranks were',
                      others.length
                    )
                  : trans._n(
                      '%1 other rank failed on its own',
                      '%1 other ranks failed on their own',
                      others.length
                    )
              }
            >
              {others.map((rank, index) => (
                <RankFailure key={index} failure={failure} rank={rank} />
              ))}
            </Fold>
          )}
        </>
      )}
    </section>
  );
}

function RankFailure(props: {
  failure: IFailure;
  rank: IRankFailure;
}): JSX.Element {
  const { commands, trans } = useHub();
  const { failure, rank } = props;
  const notebook = notebookPath(failure);
  const opened = failedFile(failure, rank);
  const callers = rank.frames.slice(0, -1);
  return (
    <div
      className="jp-TrainHub-rankFailure"
      data-trainhub-rank={rank.rank}
      data-trainhub-cell={rank.cell}
    >
      <p title={rank.time ? new Date(rank.time).toLocaleString() : undefined}>
        {whereText(rank, rank === failure.root, trans)}
      </p>
      <pre
        className="jp-TrainHub-markError"
        tabIndex={0}
        aria-label={trans.__('Error')}
      >
        {errorText(rank, trans)}
      </pre>
      {typeof rank.cell_source === 'string' ? (
        <SourceLines source={rank.cell_source} lineno={rank.lineno} />
      ) : (
        rank.line && (
          <pre className="jp-TrainHub-failureSource">{rank.line}</pre>
        )
      )}
      <div className="jp-TrainHub-failureActions">
        {notebook !== null && rank.cell !== null && (
          <SmallButton
            label={trans.__('Show in notebook')}
            onClick={() =>
              void commands.execute(CommandIDs.showCell, {
                path: notebook,
                ...placeOf(rank)
              })
            }
          />
        )}
        {opened?.path && (
          <SmallButton
            label={trans.__('Open file')}
            title={opened.path}
            onClick={() => void openFile(commands, opened.path!, opened.lineno)}
          />
        )}
        <LogButton failure={failure} rank={rank} />
        <CopyButton failure={failure} rank={rank} />
      </div>
      {callers.length > 0 && (
        <Fold label={trans.__('Called from')}>
          <ol>
            {callers.map((frame, index) => (
              <li key={index}>
                {placeWord(frame, frame.file, trans)}{' '}
                {frame.line && <code>{frame.line.trim()}</code>}
              </li>
            ))}
          </ol>
        </Fold>
      )}
      <Evidence rank={rank} />
    </div>
  );
}

/** Opens a file in an editor, at a line of it. A file that is gone is told of by JupyterLab. */
async function openFile(
  commands: CommandRegistry,
  path: string,
  line: number | null
): Promise<void> {
  await commands.execute('docmanager:open', { path });
  if (line !== null && commands.hasCommand('fileeditor:go-to-line')) {
    await commands.execute('fileeditor:go-to-line', { line });
  }
}

/** Who failed, and where. */
function whereText(
  rank: IRankFailure,
  isRoot: boolean,
  trans: TranslationBundle
): string {
  const who = whoWord(rank, trans);
  const place = placeWord(rank, fileOf(rank), trans);
  if (isInterrupted(rank)) {
    return trans.__('%1 was ended in %2.', who, place || '?');
  }
  if (!isRoot) {
    return place
      ? trans.__('%1 failed in %2.', who, place)
      : trans.__('%1 failed.', who);
  }
  return place
    ? trans.__('%1 failed first, in %2.', who, place)
    : trans.__('%1 failed first.', who);
}

/** What a command that shows the place needs of it. */
function placeOf({ cell, cell_id, cell_source, lineno, line }: IPlace): {
  [K in keyof Required<IPlace>]: IPlace[K] | null;
} {
  return { cell, cell_id, cell_source: cell_source ?? null, lineno, line };
}
