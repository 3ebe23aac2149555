import type { FieldProps } from '@rjsf/utils';
import React from 'react';

/** Shows a value that follows from other fields: `ui:options.computed`. */
export function ComputedField(props: FieldProps): JSX.Element {
  const id = props.idSchema.$id;
  return (
    <input
      id={id}
      className="jp-mod-styled"
      readOnly
      value={String(props.uiSchema?.['ui:options']?.computed ?? '')}
      aria-describedby={`${id}__description`}
    />
  );
}
