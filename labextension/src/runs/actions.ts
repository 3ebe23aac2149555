import { InputDialog } from '@jupyterlab/apputils';
import { CommandIDs } from '../commands';
import { confirmLoss } from '../confirmation';
import type { IHubContext } from '../context';
import { notifyFailure, notifyWhile } from '../notifications';
import type { IRun } from './views';

/** What can be done with records of runs, with the questions that go with it. */
export class RunActions {
  constructor(private readonly _hub: IHubContext) {}

  /** Submits a run again, and offers to show the new job. */
  async submit({ run }: IRun): Promise<void> {
    const { api, commands, trans } = this._hub;
    let name = '';
    await notifyWhile(
      async () => {
        ({ name } = await api.runs.submit(run));
      },
      {
        pending: trans.__('Submitting run %1 again…', run),
        success: trans.__('Run %1 was submitted again.', run),
        failure: trans.__('Run %1 could not be submitted again.', run)
      },
      trans,
      {
        label: trans.__('Open'),
        execute: () => void commands.execute(CommandIDs.openJob, { name })
      }
    );
  }

  /** Keeps a record, or no longer. Resolves to whether it is done. */
  pin({ run, pinned }: IRun): Promise<boolean> {
    const { api, trans } = this._hub;
    return this._try(
      () => api.runs.pin(run, !pinned),
      trans.__('Run %1 could not be changed.', run)
    );
  }

  /** Asks for a folder and copies a record into it. */
  async export({ run }: IRun): Promise<void> {
    const { api, trans } = this._hub;
    const { value } = await InputDialog.getText({
      title: trans.__('Export run %1', run),
      label: trans.__(
        'A folder, as the file browser names it, or an absolute path that the site allows. One that is there gets a folder with the name of the run.'
      ),
      text: run,
      okLabel: trans.__('Export')
    });
    const folder = value?.trim();
    if (!folder) {
      return;
    }
    await notifyWhile(
      () => api.runs.export(run, folder),
      {
        pending: trans.__('Exporting run %1…', run),
        success: trans.__('Run %1 was exported to %2.', run, folder),
        failure: trans.__('Run %1 could not be exported.', run)
      },
      trans
    );
  }

  /** Deletes a record after asking. Resolves to whether it is done. */
  async delete({ run }: IRun): Promise<boolean> {
    const { api, trans } = this._hub;
    const agreed = await confirmLoss(
      {
        title: trans.__('Delete the record of run %1?', run),
        body: trans.__(
          'Its code, logs, environment and metrics are deleted. This cannot be undone. The job itself and its volumes stay, if they are there.'
        ),
        action: trans.__('Delete')
      },
      trans
    );
    return (
      agreed &&
      this._try(
        () => api.runs.delete(run),
        trans.__('The record of run %1 could not be deleted.', run)
      )
    );
  }

  private async _try(
    action: () => Promise<unknown>,
    failure: string
  ): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      notifyFailure(failure, error, this._hub.trans);
      return false;
    }
  }
}
