import React, { useId } from 'react';
import { useHub } from '../../context';
import type { IPreset, Spec } from '../../views';

/** The sizes that the site offers, one of which fills the fields; none is chosen once they differ. */
export function Presets(props: {
  presets: readonly IPreset[];
  data: Spec;
  onChoose: (values: Spec) => void;
}): JSX.Element | null {
  const { trans } = useHub();
  const group = useId();
  const { presets, data, onChoose } = props;
  if (presets.length === 0) {
    return null;
  }
  return (
    <fieldset className="jp-TrainHub-presets">
      <legend>{trans.__('Size')}</legend>
      {presets.map(({ name, title, description, values }) => (
        <label key={name} className="jp-TrainHub-preset">
          <input
            type="radio"
            name={group}
            checked={isChosen(values, data)}
            onChange={() => onChoose(values)}
          />
          <span className="jp-TrainHub-presetTitle">{title || name}</span>
          {description && (
            <span className="jp-TrainHub-fieldHelp">{description}</span>
          )}
        </label>
      ))}
    </fieldset>
  );
}

/** Whether all that a preset sets is as it sets it. */
function isChosen(values: Spec, data: Spec): boolean {
  return Object.entries(values).every(
    ([name, value]) => JSON.stringify(data[name]) === JSON.stringify(value)
  );
}
