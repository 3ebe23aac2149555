import type { FieldProps } from '@rjsf/utils';
import React from 'react';

/** Edits a text for which earlier ones are suggested: `ui:options.suggestions`. */
export function SuggestionField(props: FieldProps): JSX.Element {
  const id = props.idSchema.$id;
  const suggestions = (props.uiSchema?.['ui:options']?.suggestions ??
    []) as string[];
  return (
    <>
      <input
        id={id}
        className="jp-mod-styled"
        list={`${id}__suggestions`}
        autoComplete="off"
        value={(props.formData as string | undefined) ?? ''}
        maxLength={props.schema.maxLength}
        aria-describedby={`${id}__description ${id}__error`}
        onChange={({ target }) => props.onChange(target.value || undefined)}
      />
      <datalist id={`${id}__suggestions`}>
        {suggestions.map(text => (
          <option key={text} value={text} />
        ))}
      </datalist>
    </>
  );
}
