import { addIcon, deleteIcon } from '@jupyterlab/ui-components';
import type { FieldProps } from '@rjsf/utils';
import React, { useState } from 'react';
import { joinCommandLine, splitCommandLine } from './commandLine';
import { formatParameter, parseParameter } from './parameter';
import type { IFormContext } from './templates';

/** Edits a list of arguments as a command line, and shows how it is taken apart. */
export function CommandField(props: FieldProps): JSX.Element {
  const { trans } = props.formContext as IFormContext;
  const [line, setLine] = useState(() =>
    joinCommandLine((props.formData as string[] | undefined) ?? [])
  );
  const { words, unclosed } = splitCommandLine(line);
  const id = props.idSchema.$id;
  return (
    <>
      <textarea
        id={id}
        className="jp-mod-styled jp-TrainHub-command"
        rows={3}
        spellCheck={false}
        value={line}
        placeholder={trans.__('python train.py --epochs 10')}
        aria-describedby={`${id}__description ${id}__error ${id}__words`}
        onChange={event => {
          setLine(event.target.value);
          const { words } = splitCommandLine(event.target.value);
          props.onChange(words.length ? words : undefined);
        }}
      />
      <p
        id={`${id}__words`}
        className="jp-TrainHub-words"
        aria-label={trans.__('Arguments')}
      >
        {words.map((word, index) => (
          <code key={index}>{word}</code>
        ))}
        {unclosed && (
          <span className="jp-TrainHub-fieldError">
            {trans.__('A quotation is not closed.')}
          </span>
        )}
      </p>
    </>
  );
}

/** Edits environment variables. */
export function EnvironmentField(props: FieldProps): JSX.Element {
  const { trans } = props.formContext as IFormContext;
  return (
    <Entries
      {...props}
      addLabel={trans.__('Add variable')}
      parse={text => text}
      format={String}
    />
  );
}

/** Edits the parameters of a notebook. */
export function ParametersField(props: FieldProps): JSX.Element {
  const { trans } = props.formContext as IFormContext;
  return (
    <Entries
      {...props}
      addLabel={trans.__('Add parameter')}
      parse={parseParameter}
      format={formatParameter}
    />
  );
}

interface IEntriesProps extends FieldProps {
  addLabel: string;
  parse: (text: string) => unknown;
  format: (value: unknown) => string;
}

/**
 * Edits an object as rows of name and value. The rows are kept apart from the object, since a name
 * that is being typed may be empty or the same as another for a moment.
 */
function Entries(props: IEntriesProps): JSX.Element {
  const { addLabel, format, parse, idSchema } = props;
  const { trans } = props.formContext as IFormContext;
  const [rows, setRows] = useState<[string, string][]>(() =>
    Object.entries((props.formData as object | undefined) ?? {}).map(
      ([name, value]) => [name, format(value)]
    )
  );
  const change = (next: [string, string][]): void => {
    setRows(next);
    const entries = next
      .filter(([name]) => name.trim() !== '')
      .map(([name, text]): [string, unknown] => [name.trim(), parse(text)]);
    props.onChange(entries.length ? Object.fromEntries(entries) : undefined);
  };
  const edit = (at: number, row: [string, string]): void =>
    change(rows.map((old, index) => (index === at ? row : old)));
  return (
    <div className="jp-TrainHub-entries" id={idSchema.$id} role="group">
      {rows.map(([name, text], index) => (
        <div key={index} className="jp-TrainHub-entry">
          <input
            className="jp-mod-styled"
            aria-label={trans.__('Name %1', index + 1)}
            placeholder={trans.__('Name')}
            spellCheck={false}
            value={name}
            onChange={event => edit(index, [event.target.value, text])}
          />
          <input
            className="jp-mod-styled"
            aria-label={trans.__('Value of %1', name || index + 1)}
            placeholder={trans.__('Value')}
            spellCheck={false}
            value={text}
            onChange={event => edit(index, [name, event.target.value])}
          />
          <button
            type="button"
            className="jp-TrainHub-iconButton"
            aria-label={trans.__('Remove %1', name || index + 1)}
            title={trans.__('Remove')}
            onClick={() => change(rows.filter((_, other) => other !== index))}
          >
            <deleteIcon.react tag="span" aria-hidden="true" />
          </button>
        </div>
      ))}
      <button
        type="button"
        className="jp-TrainHub-addButton"
        onClick={() => setRows([...rows, ['', '']])}
      >
        <addIcon.react tag="span" aria-hidden="true" />
        {addLabel}
      </button>
    </div>
  );
}
