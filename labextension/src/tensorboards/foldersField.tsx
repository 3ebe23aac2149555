import { addIcon, deleteIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useState } from 'react';
import type { IEditorProps } from '../dialog/fields';

/** Resolves to what a typed text may go on to be; never rejects. */
export type CompleteFolder = (text: string) => Promise<string[]>;

/** Edits log folders, `PATH` or `NAME:PATH`, one on each line of the value. */
export function FoldersField(
  props: IEditorProps & { complete: CompleteFolder; trans: TranslationBundle }
): JSX.Element {
  const { value, onChange, id, complete, trans } = props;
  const rows = value.split('\n');
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState<string[]>([]);
  // What is in a folder is asked once, not with each letter.
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  useEffect(() => {
    let isCurrent = true;
    void complete(folder).then(texts => isCurrent && setFound(texts));
    return () => {
      isCurrent = false;
    };
  }, [complete, folder]);
  const change = (next: string[]): void => onChange(next.join('\n'));
  return (
    <div className="jp-TrainHub-logFolders" data-trainhub-field="folders">
      {rows.map((text, index) => (
        <div key={index}>
          <input
            id={index === 0 ? id : undefined}
            className="jp-mod-styled"
            list={`${id}-found`}
            autoComplete="off"
            spellCheck={false}
            aria-label={trans.__('Log folder %1', index + 1)}
            aria-invalid={props['aria-invalid']}
            aria-describedby={props['aria-describedby']}
            value={text}
            onFocus={() => setTyped(text)}
            onChange={({ target }) => {
              setTyped(target.value);
              change(
                rows.map((old, at) => (at === index ? target.value : old))
              );
            }}
          />
          {rows.length > 1 && (
            <button
              type="button"
              className="jp-TrainHub-iconButton"
              aria-label={trans.__('Remove log folder %1', index + 1)}
              title={trans.__('Remove')}
              onClick={() => change(rows.filter((_, at) => at !== index))}
            >
              <deleteIcon.react tag="span" aria-hidden="true" />
            </button>
          )}
        </div>
      ))}
      <datalist id={`${id}-found`}>
        {found.map(text => (
          <option key={text} value={text} />
        ))}
      </datalist>
      <button
        type="button"
        className="jp-TrainHub-addButton"
        onClick={() => change([...rows, ''])}
      >
        <addIcon.react tag="span" aria-hidden="true" />
        {trans.__('Another folder')}
      </button>
    </div>
  );
}

/** The folders of the field's value. */
export function foldersOf(value: string | boolean): string[] {
  return String(value)
    .split('\n')
    .map(text => text.trim())
    .filter(Boolean);
}
