import React, { useState } from 'react';
import { useHub } from '../context';
import { fieldLabels } from '../form/labels';
import { Asked } from '../images/browser/asked';
import { metricTitle } from '../metrics/words';
import { phaseWord } from '../phase';
import { formatBytes, formatCount } from '../quantity';
import { useRequest } from '../useRequest';
import { Diff } from './diff';
import { commitText } from './facts';
import type { IPair, IRun, IRunComparison } from './views';

/** What differs between two runs. */
export function Comparison(props: { a: string; b: string }): JSX.Element {
  const { api, trans } = useHub();
  const { a, b } = props;
  const request = useRequest(() => api.runs.compare(a, b), `${a} ${b}`);
  return (
    <Asked request={request} wait={trans.__('Comparing…')}>
      {found => <Differences found={found} />}
    </Asked>
  );
}

function Differences({ found }: { found: IRunComparison }): JSX.Element {
  const { trans } = useHub();
  const [isAll, setAll] = useState(false);
  const { spec, environment, packages, code, metrics, changes } = found;
  const labels = fieldLabels(trans);
  const fields = spec
    .filter(({ differs }) => isAll || differs)
    .map(({ field, a, b }) => ({ name: labels[field]?.title ?? field, a, b }));
  const git = ({ git }: IRun): string | null => git && commitText(git, trans);
  const table = (
    title: string,
    pairs: IPair[],
    empty = trans.__('No differences.')
  ): JSX.Element => (
    <Pairs title={title} pairs={pairs} empty={empty} found={found} />
  );
  return (
    <>
      {table(trans.__('Outcome and origin'), [
        {
          name: trans.__('State'),
          a: phaseWord(found.a.phase, trans),
          b: phaseWord(found.b.phase, trans)
        },
        { name: trans.__('Commit'), a: git(found.a), b: git(found.b) },
        {
          name: trans.__('Image digest'),
          a: found.a.image_digest,
          b: found.b.image_digest
        }
      ])}
      <label>
        <input
          type="checkbox"
          checked={isAll}
          onChange={({ target }) => setAll(target.checked)}
        />{' '}
        {trans.__('Show fields that are the same too')}
      </label>
      {table(trans.__('Definition and parameters'), fields)}
      {table(
        trans.__('Training: last values'),
        lastMetrics(found),
        trans.__('Neither told of its metrics.')
      )}
      {table(
        trans.__('Metrics: mean (maximum)'),
        metrics.map(({ metric, unit, a, b }) => ({
          name: metricTitle(metric, trans),
          a: a && usedText(a, unit),
          b: b && usedText(b, unit)
        })),
        trans.__('Nothing was measured.')
      )}
      {table(trans.__('Environment'), environment)}
      {table(trans.__('Packages'), packages)}
      <h3>{trans.__('Code')}</h3>
      {code.length === 0 && (
        <p className="jp-TrainHub-empty">{trans.__('No differences.')}</p>
      )}
      {code.map(({ file, cell, diff }, index) => {
        const label =
          cell === null ? file : trans.__('%1, cell %2', file, cell + 1);
        return (
          <figure key={index}>
            <figcaption>{label}</figcaption>
            <Diff text={diff} label={label} />
          </figure>
        );
      })}
      {changes && (
        <details className="jp-TrainHub-more">
          <summary>
            {trans.__('How the changes differ that were not committed')}
          </summary>
          <Diff
            text={changes}
            label={trans.__('How the changes differ that were not committed')}
          />
        </details>
      )}
    </>
  );
}

/** What both trainings told last of their metrics. */
function lastMetrics({ a, b }: IRunComparison): IPair[] {
  const [ours, theirs] = [a, b].map(({ progress }) => progress?.metrics ?? {});
  return Object.keys({ ...ours, ...theirs }).map(name => ({
    name,
    a: ours[name],
    b: theirs[name]
  }));
}

function Pairs(props: {
  title: string;
  pairs: IPair[];
  /** What is said where there are none. */
  empty: string;
  found: IRunComparison;
}): JSX.Element {
  const { trans } = useHub();
  const { title, pairs, empty, found } = props;
  return (
    <>
      <h3>{title}</h3>
      {pairs.length === 0 ? (
        <p className="jp-TrainHub-empty">{empty}</p>
      ) : (
        <table className="jp-TrainHub-table jp-TrainHub-pairs">
          <caption className="jp-TrainHub-hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Field')}</th>
              <th scope="col">{found.a.run}</th>
              <th scope="col">{found.b.run}</th>
            </tr>
          </thead>
          <tbody>
            {pairs.map(({ name, a, b }) => {
              const texts = [valueText(a), valueText(b)];
              return (
                <tr key={name} data-differs={texts[0] !== texts[1]}>
                  <th scope="row">{name}</th>
                  <td>{texts[0]}</td>
                  <td>{texts[1]}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </>
  );
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) {
    return '–';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function usedText(
  { mean, max }: { mean: number; max: number },
  unit: string
): string {
  const isBytes = unit.startsWith('bytes');
  const text = (value: number): string =>
    isBytes
      ? formatBytes(value) + unit.slice('bytes'.length)
      : `${formatCount(value)} ${unit}`;
  return `${text(mean)} (${text(max)})`;
}
