import { CommandIDs } from '../commands';
import { confirmLoss } from '../confirmation';
import type { IHubContext } from '../context';
import { notifyEnd, notifyFailure, notifyWhile } from '../notifications';
import { isFinished } from '../views';
import { waitFor } from '../waiting';

/** What can be done to a job, with the notifications that go with it. */
export class JobActions {
  constructor(private readonly _hub: IHubContext) {}

  /** Tells how a job that was just submitted has ended, whatever is on the screen by then. */
  async announceEnd(name: string): Promise<void> {
    const { commands, store, trans } = this._hub;
    const job = await waitFor(store, 'job', name, ({ phase }) =>
      isFinished(phase)
    );
    const followUp = {
      label: trans.__('Details'),
      execute: () => void commands.execute(CommandIDs.openJob, { name })
    };
    if (job?.phase === 'Succeeded') {
      notifyEnd(trans.__('Job %1 has succeeded.', name), 'success', followUp);
    } else if (job?.phase === 'Failed') {
      const why = job.message || job.reason;
      notifyEnd(
        why
          ? trans.__('Job %1 has failed: %2', name, why)
          : trans.__('Job %1 has failed.', name),
        'error',
        followUp
      );
    }
  }

  /** Stops a job after asking. */
  async stop(name: string): Promise<void> {
    const { api, store, trans } = this._hub;
    const agreed = await confirmLoss(
      {
        title: trans.__('Stop job %1?', name),
        body: trans.__(
          'Its pods end. Their log, and what they have not written to a mounted folder, is lost. A stopped job does not go on; clone it to run it again.'
        ),
        action: trans.__('Stop')
      },
      trans
    );
    if (!agreed) {
      return;
    }
    await notifyWhile(
      async () => {
        store.put(await api.jobs.stop(name));
        await waitFor(store, 'job', name, ({ phase }) => isFinished(phase));
      },
      {
        pending: trans.__('Job %1 is stopping…', name),
        success: trans.__('Job %1 has stopped.', name),
        failure: trans.__('Job %1 could not be stopped.', name)
      },
      trans
    );
  }

  /** Deletes a job after asking. Resolves to whether it is gone. */
  async delete(name: string): Promise<boolean> {
    const { api, store, trans } = this._hub;
    const job = store.get('job', name);
    const agreed = await confirmLoss(
      {
        title: trans.__('Delete job %1?', name),
        body:
          job && !isFinished(job.phase)
            ? trans.__(
                'The job has not finished: its pods end. Its log, events and spec are lost. This cannot be undone.'
              )
            : trans.__(
                'Its log, events and spec are lost. This cannot be undone.'
              ),
        action: trans.__('Delete')
      },
      trans
    );
    if (!agreed) {
      return false;
    }
    try {
      await api.jobs.delete(name);
      store.remove('job', name);
      return true;
    } catch (error) {
      notifyFailure(
        trans.__('Job %1 could not be deleted.', name),
        error,
        trans
      );
      return false;
    }
  }
}
