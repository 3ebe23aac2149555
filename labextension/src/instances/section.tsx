import {
  deleteIcon,
  launchIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { CommandIDs } from '../commands';
import { useHub } from '../context';
import { ObjectList, type IRow } from '../panel/list';
import { formatBytes } from '../quantity';
import type { IInstance } from '../views';

/** The dev instances in the panel. */
export function InstancesSection(): JSX.Element {
  const { commands, trans } = useHub();
  const row = (instance: IInstance): IRow => {
    const { name, phase, cpus, memory, gpus } = instance;
    const run = (command: string) => () =>
      void commands.execute(command, { name });
    const open = run(CommandIDs.openInstance);
    const size = [
      trans._n('%1 CPU', '%1 CPUs', cpus),
      formatBytes(memory),
      ...(gpus > 0 ? [trans._n('%1 GPU', '%1 GPUs', gpus)] : [])
    ].join(' · ');
    const isOff = phase === 'Stopped';
    return {
      detail: phase === 'Running' || isOff ? size : instance.message || size,
      since: instance.created,
      open,
      actions: [
        ...(isOff
          ? [
              {
                label: trans.__('Start instance %1', name),
                icon: runIcon,
                execute: run(CommandIDs.startInstance)
              }
            ]
          : [
              {
                label: trans.__('Open instance %1', name),
                icon: launchIcon,
                execute: open
              },
              {
                label: trans.__('Stop instance %1', name),
                icon: stopIcon,
                execute: run(CommandIDs.stopInstance)
              }
            ]),
        {
          label: trans.__('Delete instance %1', name),
          icon: deleteIcon,
          execute: run(CommandIDs.deleteInstance)
        }
      ]
    };
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
