import React, { useId } from 'react';
import { useHub } from '../../context';
import type { JobFormModel } from './model';

/** Chooses which code a clone runs: the notebook as it is now, or what was submitted before. */
export function CodeChoice({ model }: { model: JobFormModel }): JSX.Element {
  const { trans } = useHub();
  const group = useId();
  const choice = (
    asSubmitted: boolean,
    title: string,
    help: string
  ): JSX.Element => (
    <label className="jp-TrainHub-preset">
      <input
        type="radio"
        name={group}
        checked={model.asSubmitted === asSubmitted}
        onChange={() => {
          model.asSubmitted = asSubmitted;
        }}
      />
      <span className="jp-TrainHub-presetTitle">{title}</span>
      <span className="jp-TrainHub-fieldHelp">{help}</span>
    </label>
  );
  return (
    <fieldset className="jp-TrainHub-presets">
      <legend>{trans.__('Code')}</legend>
      {choice(
        false,
        trans.__('The notebook as it is now'),
        trans.__('In its saved state.')
      )}
      {choice(
        true,
        trans.__('The code as submitted'),
        trans.__('That of run %1, whatever has changed since.', model.run)
      )}
    </fieldset>
  );
}
