import {
  ellipsesIcon,
  launchIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { CommandIDs } from '../commands';
import { useHub, useNow, useStore } from '../context';
import { formatAge, secondsBetween } from '../duration';
import { ObjectList, type IRow, type IRowAction } from '../panel/list';
import { formatBytes, formatCount } from '../quantity';
import { asSentence } from '../sentence';
import type { IInstance } from '../views';
import { keepWords } from './idle';
import { openInstanceMenu } from './menu';

/** The dev instances in the panel. */
export function InstancesSection(): JSX.Element {
  const { commands, trans } = useHub();
  const user = useStore().status?.user ?? null;
  const row = (instance: IInstance, now: number): IRow => {
    const { name, message, owner } = instance;
    const isElses = owner !== null && user !== null && owner !== user;
    const size = [
      ...(isElses ? [trans.__('of %1', owner)] : []),
      sizeOf(instance, trans)
    ].join(' · ');
    return {
      detail: isSettled(instance) || !message ? size : asSentence(message),
      note: <Note instance={instance} now={now} />,
      since: instance.created,
      open: () => void commands.execute(CommandIDs.openInstance, { name }),
      actions: actionsOf(instance)
    };
  };
  const actionsOf = ({ name, phase }: IInstance): IRowAction[] => {
    const run = (command: string) => () =>
      void commands.execute(command, { name });
    const isComing = phase === 'Pending' || phase === 'Starting';
    return [
      {
        label: trans.__('Open instance %1', name),
        icon: launchIcon,
        execute: run(CommandIDs.openInstance)
      },
      ...(phase === 'Stopped'
        ? [
            {
              label: trans.__('Start instance %1', name),
              icon: runIcon,
              execute: run(CommandIDs.startInstance)
            }
          ]
        : phase === 'Stopping'
          ? []
          : [
              {
                label: isComing
                  ? trans.__('Cancel the start of instance %1', name)
                  : trans.__('Stop instance %1', name),
                icon: stopIcon,
                execute: run(CommandIDs.stopInstance)
              }
            ]),
      {
        label: trans.__('More for instance %1', name),
        icon: ellipsesIcon,
        hasMenu: true,
        execute: button => openInstanceMenu(button, commands, name, phase)
      }
    ];
  };
  return (
    <ObjectList
      kind="instance"
      label={trans.__('Instances')}
      empty={trans.__(
        'No instances. "New instance…" creates a JupyterLab of your own on the cluster.'
      )}
      row={row}
    />
  );
}

/** What is to be known of an instance beside its size and phase. */
function Note(props: { instance: IInstance; now: number }): JSX.Element | null {
  const { commands, trans } = useHub();
  const { instance, now } = props;
  const { name, phase, gpus, idle, remedy, restart_needed } = instance;
  const parts: JSX.Element[] = [];
  if (remedy && !isSettled(instance)) {
    parts.push(
      <span key="remedy" title={remedy}>
        {remedy}
      </span>
    );
  }
  if (restart_needed && phase !== 'Stopped') {
    parts.push(
      <span
        key="restart"
        className="jp-TrainHub-badge"
        title={trans.__('It was changed and goes on as it was until then.')}
      >
        {trans.__('Restart needed')}
      </span>
    );
  }
  if (phase === 'Running' && idle?.warned && idle.stops_at) {
    parts.push(
      <Countdown key="idle" stopsAt={idle.stops_at} />,
      <button
        key="keep"
        className="jp-TrainHub-addButton"
        aria-label={trans.__('%1: %2', name, keepWords(idle, trans))}
        onClick={() =>
          void commands.execute(CommandIDs.extendInstance, { name })
        }
      >
        {keepWords(idle, trans)}
      </button>
    );
  } else if (
    phase === 'Running' &&
    gpus > 0 &&
    idle?.state === 'idle' &&
    idle.since
  ) {
    const age = formatAge(secondsBetween(idle.since, now), trans);
    parts.push(
      <span
        key="idle"
        className="jp-TrainHub-badge"
        title={trans.__('It holds GPUs that nothing uses.')}
      >
        {trans.__('Idle for %1', age)}
      </span>
    );
  }
  return parts.length > 0 ? <>{parts}</> : null;
}

/** How long it is until an idle instance is stopped; the ages around it are counted less often. */
function Countdown({ stopsAt }: { stopsAt: string }): JSX.Element {
  const { trans } = useHub();
  const left = Math.max(0, (Date.parse(stopsAt) - useNow(1_000)) / 1000);
  return (
    <span className="jp-TrainHub-badge" data-level="high">
      {trans.__('Idle: stops in %1', formatAge(left, trans))}
    </span>
  );
}

/** Whether it is where it is meant to be, with nothing to explain. */
function isSettled({ phase }: IInstance): boolean {
  return phase === 'Running' || phase === 'Stopped';
}

function sizeOf(
  { cpus, memory, gpus }: IInstance,
  trans: TranslationBundle
): string {
  return [
    trans._n('%2 CPU', '%2 CPUs', cpus, formatCount(cpus)),
    formatBytes(memory),
    ...(gpus > 0 ? [trans._n('%1 GPU', '%1 GPUs', gpus)] : [])
  ].join(' · ');
}
