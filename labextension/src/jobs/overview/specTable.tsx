import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useHub } from '../../context';
import { formatExactly } from '../../duration';
import { joinCommandLine } from '../../form/commandLine';
import { fieldLabels } from '../../form/labels';
import { valueText } from '../../instances/tab/specTable';
import { formatBytes } from '../../quantity';
import type { IJob } from '../views';
import { categoryWord } from '../words';

/** Names of environment variables whose values are not for everybody who looks at the screen. */
const SECRET = /pass|secret|token|key|credential|auth|cookie|private/i;

const DURATIONS = ['time_limit', 'estimated_time', 'peer_timeout'];

/** All fields of a job's spec that say something, in the order of its form. */
export function JobSpecTable({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const labels = fieldLabels(trans);
  const order = Object.keys(labels);
  const fields = Object.entries(job.spec)
    // SKUs are those of a virtual cluster; the description stands above.
    .filter(
      ([field]) =>
        field !== 'description' && (field !== 'skus' || job.virtual_cluster)
    )
    .map(([field, value]): [string, string] => [
      field,
      specText(field, value, job, trans)
    ])
    .filter(([, text]) => text !== '')
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return (
    <table className="jp-TrainHub-table jp-TrainHub-specTable">
      <caption className="jp-TrainHub-hidden">{trans.__('Definition')}</caption>
      <tbody>
        {fields.map(([field, text]) => (
          <tr key={field} data-trainhub-spec={field}>
            <th scope="row">{labels[field]?.title ?? field}</th>
            <td>{text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A value of a job's spec for people; empty when there is nothing to say. */
export function specText(
  field: string,
  value: unknown,
  job: Pick<IJob, 'volumes'>,
  trans: TranslationBundle
): string {
  if (value === null || value === undefined) {
    return '';
  }
  switch (field) {
    case 'category':
      return categoryWord(String(value), trans);
    case 'command':
      return joinCommandLine(value as string[]);
    case 'env':
      return Object.entries(value)
        .map(([name, text]) => `${name}=${SECRET.test(name) ? '••••••' : text}`)
        .join('\n');
    case 'parameters':
      return Object.entries(value)
        .map(([name, parameter]) => `${name} = ${JSON.stringify(parameter)}`)
        .join('\n');
    case 'checkpoint_volume':
    case 'model_volume':
      return volumeText(field, value, job, trans);
  }
  return DURATIONS.includes(field)
    ? formatExactly(Number(value), trans)
    : valueText(field, value, trans);
}

/** The folder with the claim that it is on by now. */
function volumeText(
  field: string,
  value: { path?: string; size?: string | number; claim?: string | null },
  { volumes }: Pick<IJob, 'volumes'>,
  trans: TranslationBundle
): string {
  const known = volumes.find(({ role }) => `${role}_volume` === field);
  const claim = known?.claim ?? value.claim;
  const size = known?.size ?? value.size;
  return [
    value.path,
    size === undefined || typeof size === 'string' ? size : formatBytes(size),
    claim && trans.__('claim %1', claim)
  ]
    .filter(Boolean)
    .join(', ');
}
