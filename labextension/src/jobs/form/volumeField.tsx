import type { FieldProps } from '@rjsf/utils';
import React from 'react';
import type { IFormContext } from '../../form/templates';

/** The size that a new volume begins with. */
const NEW_SIZE = '10Gi';

/** A volume of a job as it is typed. */
interface ITypedVolume {
  path?: string;
  size?: string;
  claim?: string;
}

/** A claim of an earlier job, to go on with. */
export interface IClaimChoice {
  claim: string;
  title: string;
}

/** Edits a volume of a job: none, a new one of a size, or the claim of an earlier job. */
export function VolumeField(props: FieldProps): JSX.Element {
  const { trans } = props.formContext as IFormContext;
  const { idSchema, schema, uiSchema, onChange } = props;
  const id = idSchema.$id;
  const volume = (props.formData ?? undefined) as ITypedVolume | undefined;
  const options = uiSchema?.['ui:options'];
  const claims = (options?.claims ?? []) as unknown as IClaimChoice[];
  const example = String(options?.path ?? '');
  const change = (changes: ITypedVolume): void =>
    onChange({ ...volume, ...changes });
  return (
    <div className="jp-TrainHub-volume" role="group" aria-label={schema.title}>
      <label>
        <input
          id={id}
          type="checkbox"
          checked={volume !== undefined}
          aria-describedby={`${id}__description ${id}__error`}
          onChange={({ target }) =>
            onChange(
              target.checked ? { path: example, size: NEW_SIZE } : undefined
            )
          }
        />{' '}
        {trans.__('Keep a folder after the job')}
      </label>
      {volume && (
        <div className="jp-TrainHub-volumeParts">
          <label>
            {trans.__('Path')}
            <input
              className="jp-mod-styled"
              spellCheck={false}
              value={volume.path ?? ''}
              onChange={({ target }) => change({ path: target.value })}
            />
          </label>
          <label>
            {trans.__('Volume')}
            <select
              value={volume.claim ?? ''}
              onChange={({ target }) =>
                change({ claim: target.value || undefined })
              }
            >
              <option value="">{trans.__('a new one')}</option>
              {withChosen(claims, volume.claim).map(({ claim, title }) => (
                <option key={claim} value={claim}>
                  {title}
                </option>
              ))}
            </select>
          </label>
          {!volume.claim && (
            <label>
              {trans.__('Size')}
              <input
                className="jp-mod-styled"
                spellCheck={false}
                value={volume.size ?? ''}
                placeholder={NEW_SIZE}
                onChange={({ target }) => change({ size: target.value })}
              />
            </label>
          )}
        </div>
      )}
    </div>
  );
}

/** The claims to choose from; one that was chosen stays although it is not listed. */
function withChosen(
  claims: readonly IClaimChoice[],
  chosen: string | undefined
): readonly IClaimChoice[] {
  return !chosen || claims.some(({ claim }) => claim === chosen)
    ? claims
    : [{ claim: chosen, title: chosen }, ...claims];
}
