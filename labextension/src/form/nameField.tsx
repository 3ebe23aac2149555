import type { TranslationBundle } from '@jupyterlab/translation';
import type { FieldProps } from '@rjsf/utils';
import type { JSONSchema7 } from 'json-schema';
import React from 'react';
import type { IFormContext } from './templates';

/** Edits a name: counts its characters and judges them while they are typed. */
export function NameField(props: FieldProps): JSX.Element {
  const { schema, readonly, rawErrors = [] } = props;
  const { trans } = props.formContext as IFormContext;
  const name = (props.formData as string | undefined) ?? '';
  const id = props.idSchema.$id;
  const { maxLength } = schema;
  // What the server has found is shown already.
  const problem =
    name && rawErrors.length === 0 ? nameProblem(name, schema, trans) : null;
  return (
    <>
      <div className="jp-TrainHub-nameEditor">
        <input
          id={id}
          className="jp-mod-styled"
          value={name}
          readOnly={readonly}
          required
          spellCheck={false}
          autoComplete="off"
          aria-invalid={problem !== null || rawErrors.length > 0}
          aria-describedby={`${id}__description ${id}__error ${id}__problem`}
          onChange={({ target }) => props.onChange(target.value || undefined)}
        />
        {maxLength !== undefined && !readonly && (
          <span className="jp-TrainHub-count" aria-hidden="true">
            {trans.__('%1 of %2', name.length, maxLength)}
          </span>
        )}
      </div>
      <p
        id={`${id}__problem`}
        className="jp-TrainHub-fieldError"
        role="status"
        hidden={problem === null}
      >
        {problem}
      </p>
    </>
  );
}

/** Why `name` cannot be used, by its schema's own rules; null when it can. */
export function nameProblem(
  name: string,
  { pattern, maxLength = Infinity }: JSONSchema7,
  trans: TranslationBundle
): string | null {
  if (name === '') {
    return trans.__('A name is needed.');
  }
  if (name.length > maxLength) {
    return trans.__(
      'It has %1 characters; at most %2 are possible.',
      name.length,
      maxLength
    );
  }
  const rule = pattern === undefined ? null : new RegExp(pattern, 'u');
  if (rule === null || rule.test(name)) {
    return null;
  }
  // A character is at fault by itself when it is possible neither alone nor inside a name.
  const wrong = Array.from(new Set(name)).filter(
    character => !rule.test(character) && !rule.test(`a${character}a`)
  );
  return wrong.length > 0
    ? trans.__(
        'These characters are not possible: %1',
        wrong.map(character => JSON.stringify(character)).join(' ')
      )
    : trans.__('This name is not possible.');
}
