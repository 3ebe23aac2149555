import type { FieldProps } from '@rjsf/utils';
import React from 'react';

/** A choice that {@link ChoiceField} offers. */
export interface IChoice {
  /** The value; undefined leaves the field out. */
  value: boolean | undefined;
  title: string;
}

/** Chooses between yes, no and leaving it open: `ui:options.choices`. */
export function ChoiceField(props: FieldProps): JSX.Element {
  const id = props.idSchema.$id;
  const choices = (props.uiSchema?.['ui:options']?.choices ??
    []) as unknown as IChoice[];
  const chosen = props.formData as boolean | null | undefined;
  return (
    <select
      id={id}
      value={choices.findIndex(({ value }) => value === (chosen ?? undefined))}
      aria-describedby={`${id}__description ${id}__error`}
      onChange={({ target }) =>
        props.onChange(choices[Number(target.value)].value)
      }
    >
      {choices.map(({ title }, index) => (
        <option key={title} value={index}>
          {title}
        </option>
      ))}
    </select>
  );
}
