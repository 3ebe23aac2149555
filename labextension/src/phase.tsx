import type { TranslationBundle } from '@jupyterlab/translation';
import {
  checkIcon,
  circleEmptyIcon,
  circleIcon,
  errorIcon,
  historyIcon,
  pauseIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { useHub } from './context';

/** What a phase means to the reader, whatever the kind of object. */
type Tone = 'running' | 'waiting' | 'succeeded' | 'failed' | 'off';

const TONES: Record<string, Tone> = {
  Running: 'running',
  Pending: 'waiting',
  Starting: 'waiting',
  Stopping: 'waiting',
  Suspended: 'off',
  Succeeded: 'succeeded',
  Failed: 'failed',
  Stopped: 'off',
  Cancelled: 'off'
};

const ICONS: Record<Tone, LabIcon> = {
  running: circleIcon,
  waiting: historyIcon,
  succeeded: checkIcon,
  failed: errorIcon,
  off: circleEmptyIcon
};

/** The word for a phase in the user's language; an unknown phase is its own word. */
export function phaseWord(phase: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    Running: trans.__('Running'),
    Pending: trans.__('Pending'),
    Starting: trans.__('Starting'),
    Stopping: trans.__('Stopping'),
    Suspended: trans.__('Suspended'),
    Succeeded: trans.__('Succeeded'),
    Failed: trans.__('Failed'),
    Stopped: trans.__('Stopped'),
    Cancelled: trans.__('Cancelled'),
    Unknown: trans.__('Unknown')
  };
  return words[phase] ?? phase;
}

/** What a phase means to the reader: the end of the names of CSS classes. */
export function phaseTone(phase: string): Tone {
  return TONES[phase] ?? 'off';
}

/** The icon for a phase. */
export function phaseIcon(phase: string): LabIcon {
  return phase === 'Suspended' ? pauseIcon : ICONS[phaseTone(phase)];
}

/** A phase as icon and word; never as colour alone. */
export function PhaseLabel(props: {
  phase: string;
  /** Why it is in this phase, shown when the pointer rests on it. */
  title?: string | null;
}): JSX.Element {
  const { trans } = useHub();
  const icon = phaseIcon(props.phase);
  return (
    <span
      className="jp-TrainHub-phase"
      data-tone={phaseTone(props.phase)}
      title={props.title ?? undefined}
    >
      <icon.react tag="span" aria-hidden="true" />
      <span className="jp-TrainHub-phaseWord">
        {phaseWord(props.phase, trans)}
      </span>
    </span>
  );
}
