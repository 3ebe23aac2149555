import { CommandIDs } from '../commands';
import { askForLoss, confirmLoss } from '../confirmation';
import type { IHubContext } from '../context';
import { notifyEnd, notifyFailure, notifyWhile } from '../notifications';
import { asSentence } from '../sentence';
import { waitFor } from '../waiting';
import { forEachJob } from './bulk';
import { deletionQuestion, stopQuestion } from './losses';
import { isOver, type IJob } from './views';

/** What can be done to jobs, with the questions and notifications that go with it. */
export class JobActions {
  constructor(private readonly _hub: IHubContext) {}

  /** Tells that a job was submitted, with the way to it, and later how it has ended. */
  announce(name: string, message: string): void {
    const { commands, trans } = this._hub;
    notifyEnd(message, 'success', {
      label: trans.__('Open'),
      execute: () => void commands.execute(CommandIDs.openJob, { name })
    });
    void this.announceEnd(name);
  }

  /** Tells how a job that was just submitted has ended, whatever is on the screen by then. */
  async announceEnd(name: string): Promise<void> {
    const { commands, store, trans } = this._hub;
    const job = await waitFor(store, 'job', name, isOver);
    const followUp = {
      label: trans.__('Details'),
      execute: () =>
        void commands.execute(CommandIDs.openJob, { name, tab: 'overview' })
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

  /** Stops jobs after asking; those that are over stay as they are. */
  async stop(names: string[]): Promise<void> {
    const { api, store, trans } = this._hub;
    const live = names.filter(name => {
      const job = store.get('job', name);
      return !job || !isOver(job);
    });
    if (live.length === 0) {
      return;
    }
    if (
      !(await confirmLoss(stopQuestion(this._jobs(live), live, trans), trans))
    ) {
      return;
    }
    const stop = async (name: string): Promise<void> => {
      const { warning, ...job } = await api.jobs.stop(name);
      store.put(job);
      if (warning) {
        this._warn(name, warning);
      }
      await waitFor(store, 'job', name, isOver);
    };
    if (live.length === 1) {
      const [name] = live;
      await notifyWhile(
        () => stop(name),
        {
          pending: trans.__('Job %1 is stopping…', name),
          success: trans.__('Job %1 has stopped.', name),
          failure: trans.__('Job %1 could not be stopped.', name)
        },
        trans
      );
      return;
    }
    await forEachJob(
      live,
      stop,
      {
        pending: (done, total) =>
          trans.__('Stopping jobs: %1 of %2', done, total),
        success: total =>
          trans._n('%1 job has stopped.', '%1 jobs have stopped.', total),
        failure: (failed, total) =>
          trans.__('%1 of %2 jobs could not be stopped.', failed, total)
      },
      trans
    );
  }

  /** Deletes jobs after asking. Resolves to the names of those that are gone. */
  async delete(names: string[]): Promise<string[]> {
    const { api, store, trans } = this._hub;
    if (names.length === 0) {
      return [];
    }
    const { agreed, option: volumes } = await askForLoss(
      deletionQuestion(this._jobs(names), names, trans),
      trans
    );
    if (!agreed) {
      return [];
    }
    return await forEachJob(
      names,
      async name => {
        await api.jobs.delete(name, volumes);
        store.remove('job', name);
      },
      {
        pending: (done, total) =>
          trans.__('Deleting jobs: %1 of %2', done, total),
        success: total =>
          trans._n('%1 job is deleted.', '%1 jobs are deleted.', total),
        failure: (failed, total) =>
          trans.__('%1 of %2 jobs could not be deleted.', failed, total)
      },
      trans
    );
  }

  /** Keeps jobs at the top of lists, or no longer. */
  async pin(names: string[], pinned: boolean): Promise<void> {
    const { api, store, trans } = this._hub;
    const pin = async (name: string): Promise<void> =>
      store.put(await api.jobs.pin(name, pinned));
    if (names.length === 1) {
      // What it has done is seen at once.
      await pin(names[0]).catch((error: unknown) =>
        notifyFailure(
          trans.__('Job %1 could not be changed.', names[0]),
          error,
          trans
        )
      );
      return;
    }
    await forEachJob(
      names,
      pin,
      {
        pending: (done, total) =>
          trans.__('Changing jobs: %1 of %2', done, total),
        success: total =>
          pinned
            ? trans.__('%1 jobs are pinned.', total)
            : trans.__('%1 jobs are not pinned any more.', total),
        failure: (failed, total) =>
          trans.__('%1 of %2 jobs could not be changed.', failed, total)
      },
      trans
    );
  }

  /** Runs the code of jobs, as it was submitted, once more. A single one is opened. */
  async resubmit(names: string[]): Promise<void> {
    const { api, commands, store, trans } = this._hub;
    const made: string[] = [];
    await forEachJob(
      names,
      async name => {
        const job = await api.jobs.resubmit(name);
        store.put(job);
        made.push(job.name);
        void this.announceEnd(job.name);
      },
      {
        pending: (done, total) =>
          trans.__('Submitting jobs: %1 of %2', done, total),
        success: total =>
          trans._n('%1 job is submitted.', '%1 jobs are submitted.', total),
        failure: (failed, total) =>
          trans.__('%1 of %2 jobs could not be submitted.', failed, total)
      },
      trans
    );
    if (names.length === 1 && made.length === 1) {
      await commands.execute(CommandIDs.openJob, { name: made[0] });
    }
  }

  private _warn(name: string, warning: string): void {
    const { commands, trans } = this._hub;
    notifyEnd(trans.__('%1: %2', name, asSentence(warning)), 'warning', {
      label: trans.__('Details'),
      execute: () =>
        void commands.execute(CommandIDs.openJob, { name, tab: 'run' })
    });
  }

  private _jobs(names: readonly string[]): IJob[] {
    return names.flatMap(name => this._hub.store.get('job', name) ?? []);
  }
}
