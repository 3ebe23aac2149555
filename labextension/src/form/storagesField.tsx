import type { FieldProps } from '@rjsf/utils';
import type { JSONSchema7 } from 'json-schema';
import React from 'react';

/** Ticks the storages of the site; each says at which path it appears and whether it is read only. */
export function StoragesField(props: FieldProps): JSX.Element {
  const { schema, idSchema } = props;
  const offered = ((schema.items as JSONSchema7 | undefined)?.oneOf ??
    []) as JSONSchema7[];
  const ticked = (props.formData as string[] | undefined) ?? [];
  const id = idSchema.$id;
  return (
    <div
      className="jp-TrainHub-storages"
      id={id}
      role="group"
      aria-label={schema.title}
      aria-describedby={`${id}__description ${id}__error`}
    >
      {offered.map(storage => {
        const name = String(storage.const);
        return (
          <label key={name} className="jp-TrainHub-storage">
            <input
              type="checkbox"
              checked={ticked.includes(name)}
              onChange={({ target }) =>
                props.onChange(
                  target.checked
                    ? [...ticked, name]
                    : ticked.filter(other => other !== name)
                )
              }
            />
            <span>{storage.title ?? name}</span>
            <span className="jp-TrainHub-fieldHelp">{storage.description}</span>
          </label>
        );
      })}
    </div>
  );
}
