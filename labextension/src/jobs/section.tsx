import {
  copyIcon,
  deleteIcon,
  launchIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { CommandIDs } from '../commands';
import { useHub } from '../context';
import { ObjectList, type IRow } from '../panel/list';
import { asSentence } from '../sentence';
import { isFinished, type IJob } from '../views';

/** The jobs in the panel, the newest first. */
export function JobsSection(): JSX.Element {
  const { commands, trans } = useHub();
  const row = (job: IJob): IRow => {
    const { name, phase, nodes, framework } = job;
    const run = (command: string) => () =>
      void commands.execute(command, { name });
    const open = run(CommandIDs.openJob);
    const size = trans._n('%2 on %1 node', '%2 on %1 nodes', nodes, framework);
    const isHeld = phase === 'Pending' || phase === 'Failed';
    return {
      detail: isHeld && job.message ? asSentence(job.message) : size,
      note: isHeld && job.remedy && (
        <span title={job.remedy}>{job.remedy}</span>
      ),
      since: job.created,
      open,
      actions: [
        {
          label: trans.__('Open job %1', name),
          icon: launchIcon,
          execute: open
        },
        isFinished(phase)
          ? {
              label: trans.__('Clone job %1', name),
              icon: copyIcon,
              execute: run(CommandIDs.cloneJob)
            }
          : {
              label: trans.__('Stop job %1', name),
              icon: stopIcon,
              execute: run(CommandIDs.stopJob)
            },
        {
          label: trans.__('Delete job %1', name),
          icon: deleteIcon,
          execute: run(CommandIDs.deleteJob)
        }
      ]
    };
  };
  return (
    <ObjectList
      kind="job"
      label={trans.__('Jobs')}
      empty={trans.__(
        'No jobs. Open a notebook and press "Submit as job" in its toolbar.'
      )}
      row={row}
      compare={newestFirst}
    />
  );
}

function newestFirst(a: IJob, b: IJob): number {
  return (b.created ?? '').localeCompare(a.created ?? '');
}
