import type { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React, { useId, useState } from 'react';
import { ApiError, describeError } from '../api';
import { asSentence, joinSentences } from '../sentence';

/** What is typed into a dialog: texts and check marks by the names of their fields. */
export type Values = Record<string, string | boolean>;

/** One field of a dialog. */
export interface IField {
  /** As the server calls it. */
  name: string;
  label: string;
  help?: string;
  /** Texts with their labels, of which one is chosen. */
  options?: readonly (readonly [string, string])[];
  /** An editor of its own for a text. */
  editor?: (props: IEditorProps) => JSX.Element;
}

/** What an editor of a text works with. */
export interface IEditorProps {
  value: string;
  onChange: (value: string) => void;
  /** Of the first input, to which the label leads. */
  id: string;
  'aria-describedby': string;
  'aria-invalid': boolean;
}

/** The body of a dialog with fields: check marks for values that are true or false, else texts. */
export class FieldsBody
  extends ReactWidget
  implements Dialog.IBodyWidget<Values>
{
  /**
   * @param _problem - why the server has refused these values; null when it has not
   */
  constructor(
    private readonly _fields: readonly IField[],
    private _values: Values,
    private readonly _problem: unknown
  ) {
    super();
    this.addClass('jp-TrainHub-dialogFields');
  }

  getValue(): Values {
    return this._values;
  }

  protected render(): JSX.Element {
    return (
      <Fields
        fields={this._fields}
        initial={this._values}
        problem={this._problem}
        onChange={values => (this._values = values)}
      />
    );
  }
}

function Fields(props: {
  fields: readonly IField[];
  initial: Values;
  problem: unknown;
  onChange: (values: Values) => void;
}): JSX.Element {
  const { fields, problem } = props;
  const [values, setValues] = useState(props.initial);
  const change = (name: string, value: string | boolean): void => {
    const changed = { ...values, [name]: value };
    setValues(changed);
    props.onChange(changed);
  };
  const errors = errorsByField(problem);
  const isPlaced = fields.some(({ name }) => name in errors);
  return (
    <>
      {problem !== null && !isPlaced && (
        <p className="jp-TrainHub-formError" role="alert">
          {describeError(problem)}
        </p>
      )}
      {fields.map(field => (
        <Field
          key={field.name}
          field={field}
          value={values[field.name]}
          error={errors[field.name]}
          onChange={value => change(field.name, value)}
        />
      ))}
    </>
  );
}

function Field(props: {
  field: IField;
  value: string | boolean;
  error: string | undefined;
  onChange: (value: string | boolean) => void;
}): JSX.Element {
  const { field, value, error, onChange } = props;
  const { label, help, options, editor: Editor } = field;
  const id = useId();
  const common = {
    id,
    'aria-invalid': error !== undefined,
    'aria-describedby': `${id}-help ${id}-error`,
    'data-trainhub-field': field.name
  };
  if (typeof value === 'boolean') {
    return (
      <label className="jp-TrainHub-check" htmlFor={id}>
        <input
          {...common}
          type="checkbox"
          checked={value}
          onChange={({ target }) => onChange(target.checked)}
        />
        {label}
      </label>
    );
  }
  return (
    <div className="jp-TrainHub-field" data-invalid={!!error || undefined}>
      <label className="jp-TrainHub-fieldLabel" htmlFor={id}>
        {label}
      </label>
      {Editor ? (
        <Editor {...common} value={value} onChange={onChange} />
      ) : options ? (
        <select
          {...common}
          className="jp-TrainHub-select"
          value={value}
          onChange={({ target }) => onChange(target.value)}
        >
          {options.map(([option, title]) => (
            <option key={option} value={option}>
              {title}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          className="jp-mod-styled"
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
      {help && (
        <p className="jp-TrainHub-fieldHelp" id={`${id}-help`}>
          {help}
        </p>
      )}
      {error && (
        <p className="jp-TrainHub-fieldError" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** What the server found wrong, by field; empty when it named none. */
function errorsByField(problem: unknown): Record<string, string> {
  if (!(problem instanceof ApiError)) {
    return {};
  }
  const { field, remedy, causes } = problem.details;
  const told = causes?.length
    ? causes
    : field
      ? [{ field, message: problem.message }]
      : [];
  return Object.fromEntries(
    told.map(({ field: name, message }) => [
      // An error in the depth of a field is told at the field.
      name.split('.')[0],
      joinSentences([asSentence(message), name === field ? remedy : null])
    ])
  );
}
