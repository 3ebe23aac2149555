import { ApiError } from '../api';
import { CommandIDs } from '../commands';
import { confirmLoss } from '../confirmation';
import type { IHubContext } from '../context';
import { notifyFailure, notifyWhile } from '../notifications';
import { waitFor } from '../waiting';

/** What can be done to a dev instance, with the notifications that go with it. */
export class InstanceActions {
  constructor(private readonly _hub: IHubContext) {}

  /** Starts a stopped instance and follows it until its JupyterLab answers. */
  async start(name: string): Promise<void> {
    const { api, store } = this._hub;
    await this.announceStart(name, async () => {
      store.put(await api.instances.setState(name, 'running'));
    });
  }

  /** Follows an instance that is starting, after `begin` has made it start. */
  async announceStart(
    name: string,
    begin: () => Promise<void> = async () => undefined
  ): Promise<void> {
    const { commands, trans } = this._hub;
    await notifyWhile(
      async () => {
        await begin();
        await this._untilReady(name);
      },
      {
        pending: trans.__('Instance %1 is starting…', name),
        success: trans.__('Instance %1 is running.', name),
        failure: trans.__('Instance %1 did not start.', name)
      },
      trans,
      {
        label: trans.__('Open'),
        execute: () => void commands.execute(CommandIDs.openInstance, { name })
      }
    );
  }

  /** Stops an instance after asking. */
  async stop(name: string): Promise<void> {
    const { api, store, trans } = this._hub;
    const agreed = await confirmLoss(
      {
        title: trans.__('Stop instance %1?', name),
        body: trans.__(
          'Its kernels and terminals end, and files outside of mounted folders are lost. Its definition is kept: it can be started again.'
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
        store.put(await api.instances.setState(name, 'stopped'));
        await waitFor(
          store,
          'instance',
          name,
          ({ phase }) => phase === 'Stopped'
        );
      },
      {
        pending: trans.__('Instance %1 is stopping…', name),
        success: trans.__('Instance %1 has stopped.', name),
        failure: trans.__('Instance %1 could not be stopped.', name)
      },
      trans
    );
  }

  /** Deletes an instance after asking. */
  async delete(name: string): Promise<void> {
    const { api, store, trans } = this._hub;
    const agreed = await confirmLoss(
      {
        title: trans.__('Delete instance %1?', name),
        body: trans.__(
          'Its kernels and terminals end, and its definition and all files outside of mounted folders are lost. This cannot be undone.'
        ),
        action: trans.__('Delete')
      },
      trans
    );
    if (!agreed) {
      return;
    }
    try {
      await api.instances.delete(name);
      store.remove('instance', name);
    } catch (error) {
      notifyFailure(
        trans.__('Instance %1 could not be deleted.', name),
        error,
        trans
      );
    }
  }

  private async _untilReady(name: string): Promise<void> {
    const { store, trans } = this._hub;
    const instance = await waitFor(
      store,
      'instance',
      name,
      ({ phase, ready }) =>
        (phase === 'Running' && ready) ||
        phase === 'Failed' ||
        phase === 'Stopping'
    );
    if (instance?.phase !== 'Running') {
      throw new ApiError(
        instance?.message ||
          trans.__('It was stopped or deleted before it was ready.'),
        instance?.reason || instance?.phase || 'Deleted'
      );
    }
  }
}
