import React from 'react';
import { useHub } from '../context';
import type { IPod } from './pods';

/** What of a job's use is shown, and how. */
export interface IView {
  /** The last so many seconds; null since the start. */
  seconds: number | null;
  /** Whether all pods are one line. */
  isWhole: boolean;
  isTable: boolean;
  /** The pods that are not shown. */
  hidden: string[];
}

/** Chooses what is shown; the legend of all charts. */
export function Controls(props: {
  view: IView;
  pods: IPod[];
  onChange: (view: IView) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { view, pods, onChange } = props;
  const change = (part: Partial<IView>): void => onChange({ ...view, ...part });
  const toggle = (pod: string): void =>
    change({
      hidden: view.hidden.includes(pod)
        ? view.hidden.filter(name => name !== pod)
        : [...view.hidden, pod]
    });
  return (
    <div className="jp-TrainHub-metricControls">
      <Choice
        label={trans.__('Time')}
        chosen={view.seconds}
        choices={[
          [900, trans.__('Last 15 min')],
          [3600, trans.__('Last hour')],
          [null, trans.__('Since the start')]
        ]}
        onChoose={seconds => change({ seconds })}
      />
      {pods.length > 1 && (
        <Choice
          label={trans.__('Lines')}
          chosen={view.isWhole}
          choices={[
            [false, trans.__('Each pod')],
            [true, trans.__('Whole job')]
          ]}
          onChoose={isWhole => change({ isWhole })}
        />
      )}
      <Choice
        label={trans.__('Shown as')}
        chosen={view.isTable}
        choices={[
          [false, trans.__('Charts')],
          [true, trans.__('Table')]
        ]}
        onChoose={isTable => change({ isTable })}
      />
      {pods.length > 1 && (
        <fieldset className="jp-TrainHub-legend">
          <legend className="jp-TrainHub-hidden">
            {trans.__('Pods that are shown')}
          </legend>
          {pods.map(({ name, label, color }) => (
            <label key={name} title={name}>
              <input
                type="checkbox"
                checked={!view.hidden.includes(name)}
                onChange={() => toggle(name)}
              />
              {!view.isWhole && <i style={{ background: color }} />}
              {label}
            </label>
          ))}
        </fieldset>
      )}
    </div>
  );
}

function Choice<T>(props: {
  label: string;
  chosen: T;
  choices: [T, string][];
  onChoose: (choice: T) => void;
}): JSX.Element {
  return (
    <div
      className="jp-TrainHub-metricChoice"
      role="group"
      aria-label={props.label}
    >
      {props.choices.map(([choice, label]) => (
        <button
          key={label}
          className="jp-mod-styled"
          aria-pressed={choice === props.chosen}
          onClick={() => props.onChoose(choice)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
