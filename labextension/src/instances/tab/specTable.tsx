import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { CommandButton } from '../../commandButton';
import { CommandIDs } from '../../commands';
import { useHub } from '../../context';
import { fieldLabels } from '../../form/labels';
import type { IInstance } from '../../views';

/** What was asked for, and whether what runs is of an older definition. */
export function SpecTable({ instance }: { instance: IInstance }): JSX.Element {
  const { trans } = useHub();
  const labels = fieldLabels(trans);
  const order = Object.keys(labels);
  const fields = Object.entries(instance.spec).sort(
    ([a], [b]) => order.indexOf(a) - order.indexOf(b)
  );
  return (
    <>
      {instance.restart_needed && (
        <div className="jp-TrainHub-notice">
          <span>
            {trans.__(
              'The definition was changed since this instance started. The change counts after a restart.'
            )}
          </span>
          <CommandButton
            command={CommandIDs.restartInstance}
            args={{ name: instance.name }}
            label={trans.__('Restart')}
          />
        </div>
      )}
      <table className="jp-TrainHub-table jp-TrainHub-specTable">
        <caption className="jp-TrainHub-hidden">
          {trans.__('Definition')}
        </caption>
        <tbody>
          {fields.map(([field, value]) => {
            const text = valueText(field, value, trans);
            return (
              text && (
                <tr key={field}>
                  <th scope="row">{labels[field]?.title ?? field}</th>
                  <td>{text}</td>
                </tr>
              )
            );
          })}
        </tbody>
      </table>
    </>
  );
}

/** A value of a spec for people; empty when there is nothing to say. */
export function valueText(
  field: string,
  value: unknown,
  trans: TranslationBundle
): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (field === 'env') {
    // Their values may be secrets, and others may be looking at the screen.
    return Object.keys(value).join(', ');
  }
  if (typeof value === 'boolean') {
    return value ? trans.__('yes') : trans.__('no');
  }
  if (Array.isArray(value)) {
    return value
      .map(item => (typeof item === 'object' ? mountText(item, trans) : item))
      .join(', ');
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function mountText(
  mount: { path?: string; read_only?: boolean },
  trans: TranslationBundle
): string {
  const path = mount.path ?? JSON.stringify(mount);
  return mount.read_only ? trans.__('%1 (read only)', path) : path;
}
