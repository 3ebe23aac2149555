import type { TranslationBundle } from '@jupyterlab/translation';
import {
  checkIcon,
  circleEmptyIcon,
  errorIcon,
  historyIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { useHub, useNow } from '../../context';
import { formatDuration, secondsBetween } from '../../duration';
import type { IInstance, IProgressStep } from '../../views';

const ICONS = {
  done: checkIcon,
  current: historyIcon,
  waiting: circleEmptyIcon,
  failed: errorIcon
};

/** The phases from click to open with the time of each; that of the current one counts on. */
export function ProgressList({
  instance
}: {
  instance: IInstance;
}): JSX.Element | null {
  const { trans } = useHub();
  const { progress } = instance;
  const now = useNow(1_000);
  if (progress.length === 0) {
    return null;
  }
  return (
    <ol
      className="jp-TrainHub-steps"
      aria-label={trans.__('Progress of instance %1', instance.name)}
    >
      {progress.map(step => {
        const icon = ICONS[step.state];
        const time =
          step.state === 'current' && step.at
            ? secondsBetween(step.at, now)
            : step.seconds;
        return (
          <li
            key={step.step}
            data-state={step.state}
            aria-current={step.state === 'current' ? 'step' : undefined}
          >
            <icon.react tag="span" aria-hidden="true" />
            <span>{stepWord(step.step, trans)}</span>
            <span className="jp-TrainHub-stepState">
              {stateWord(step.state, trans)}
            </span>
            <span className="jp-TrainHub-stepTime">
              {time !== null && formatDuration(time, trans)}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function stepWord(
  step: IProgressStep['step'],
  trans: TranslationBundle
): string {
  return {
    created: trans.__('Created'),
    scheduled: trans.__('Node found'),
    pulled: trans.__('Image pulled'),
    started: trans.__('Container started'),
    answering: trans.__('Answering')
  }[step];
}

function stateWord(
  state: IProgressStep['state'],
  trans: TranslationBundle
): string {
  return {
    done: trans.__('done'),
    current: trans.__('in progress'),
    waiting: trans.__('waiting'),
    failed: trans.__('failed')
  }[state];
}
