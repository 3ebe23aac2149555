import React, { useId } from 'react';
import { useHub } from '../../context';
import { formatBytes } from '../../quantity';
import type { IMeasurement, INotSaved, ISecret } from '../views';

/** Folders that are no part of the image: storages stay, what is in memory goes. */
export function NotSaved(props: { entries: INotSaved[] }): JSX.Element | null {
  const { trans } = useHub();
  const of = (wanted: INotSaved['kind']): INotSaved[] =>
    props.entries.filter(({ kind }) => kind === wanted);
  const entries = [...of('volume'), ...of('memory')];
  const title = trans.__('Not saved');
  return entries.length === 0 ? null : (
    <section>
      <h2>{title}</h2>
      <ul className="jp-TrainHub-notSaved" aria-label={title}>
        {entries.map(({ path, kind, title, read_only }) => (
          <li key={path} data-kind={kind}>
            <code>{path}</code>
            {title && ` (${title})`}{' '}
            {kind === 'memory'
              ? trans.__('is in memory: lost when the instance stops')
              : read_only
                ? trans.__('stays where it is, read only')
                : trans.__('stays where it is')}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the site leaves out, such as caches; a tick keeps it. */
export function Excluded(props: {
  entries: IMeasurement['excluded'];
  kept: readonly string[];
  onChange: (kept: string[]) => void;
}): JSX.Element | null {
  const { trans } = useHub();
  const { kept, onChange } = props;
  const entries = props.entries.filter(({ files }) => files > 0);
  return entries.length === 0 ? null : (
    <section>
      <fieldset className="jp-TrainHub-excluded">
        <legend>{trans.__('Left out unless ticked')}</legend>
        {entries.map(({ pattern, files, bytes }) => (
          <label key={pattern} className="jp-TrainHub-check">
            <input
              type="checkbox"
              checked={kept.includes(pattern)}
              onChange={({ target }) =>
                onChange(
                  target.checked
                    ? [...kept, pattern]
                    : kept.filter(other => other !== pattern)
                )
              }
            />
            <code>{pattern}</code>
            <span className="jp-TrainHub-fieldHelp">
              {formatBytes(bytes)} ·{' '}
              {trans._n('%2 file', '%2 files', files, files.toLocaleString())}
            </span>
          </label>
        ))}
      </fieldset>
    </section>
  );
}

/** What looks like passwords and keys; they are left out unless that is chosen otherwise. */
export function Secrets(props: {
  secrets: ISecret[];
  isKept: boolean;
  onChange: (isKept: boolean) => void;
}): JSX.Element | null {
  const { trans } = useHub();
  const group = useId();
  const { secrets, isKept, onChange } = props;
  const choice = (value: boolean, label: string) => (
    <label className="jp-TrainHub-check">
      <input
        type="radio"
        name={group}
        checked={isKept === value}
        onChange={() => onChange(value)}
      />
      {label}
    </label>
  );
  return secrets.length === 0 ? null : (
    <section>
      <fieldset className="jp-TrainHub-secrets">
        <legend>{trans.__('Secrets found')}</legend>
        <p>
          {trans.__(
            'Whoever can use the image can read what is in it. These files look like passwords or keys:'
          )}
        </p>
        <ul aria-label={trans.__('Secrets found')}>
          {secrets.map(({ path, kind, line }) => (
            <li key={`${path}:${line}`}>
              <code>{line === null ? path : `${path}:${line}`}</code> {kind}
            </li>
          ))}
        </ul>
        {choice(false, trans.__('Leave these files out'))}
        {choice(true, trans.__('Save them in the image'))}
      </fieldset>
    </section>
  );
}
