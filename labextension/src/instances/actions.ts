import { createElement } from 'react';
import { ApiError } from '../api';
import { CommandIDs } from '../commands';
import { confirmLoss } from '../confirmation';
import type { IHubContext } from '../context';
import { notifyEnd, notifyFailure, notifyWhile } from '../notifications';
import type { IInstance, InstancePhase } from '../views';
import { waitFor } from '../waiting';
import { extensionOf } from './idle';
import { LossBody } from './lossBody';
import { hasFiles, lossText, type Ending } from './losses';

/** The phases that tell a restarted instance from the one that it was. */
const IN_BETWEEN: InstancePhase[] = ['Stopping', 'Pending', 'Starting'];

/** What can be done to a dev instance, with the questions and notifications that go with it. */
export class InstanceActions {
  constructor(private readonly _hub: IHubContext) {}

  /** Starts a stopped instance and follows it until it can be entered. */
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
    const { trans } = this._hub;
    await this._follow(
      name,
      async () => {
        await begin();
        await this._untilReady(name);
      },
      {
        pending: trans.__('Instance %1 is starting…', name),
        success: trans.__('Instance %1 is running.', name),
        failure: trans.__('Instance %1 did not start.', name)
      }
    );
  }

  /** Stops an instance, after asking where something is lost. */
  async stop(name: string): Promise<void> {
    const { api, store, trans } = this._hub;
    if (!(await this.confirm('stop', name))) {
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

  /** Restarts an instance, after asking where something is lost. */
  async restart(name: string): Promise<void> {
    const { api, store } = this._hub;
    if (!(await this.confirm('restart', name))) {
      return;
    }
    const before = store.get('instance', name);
    await this._announceRestart(name, before, async () => {
      store.put(await api.instances.setState(name, 'restarted'));
    });
  }

  /** Tells that a changed instance is saved, and from when on the change holds. */
  announceSaved(instance: IInstance, restarted: boolean): void {
    const { commands, trans } = this._hub;
    const { name } = instance;
    if (restarted) {
      void this._announceRestart(name, instance);
    } else if (instance.restart_needed) {
      notifyEnd(
        trans.__(
          'Instance %1 is saved. It goes on as it was until it is restarted.',
          name
        ),
        'success',
        {
          label: trans.__('Restart…'),
          execute: () =>
            void commands.execute(CommandIDs.restartInstance, { name })
        }
      );
    } else {
      notifyEnd(trans.__('Instance %1 is saved.', name), 'success', {
        label: trans.__('Open'),
        execute: () => void commands.execute(CommandIDs.openInstance, { name })
      });
    }
  }

  /** Keeps an idle instance for `seconds` from now; for what the site has set if left out. */
  async extend(name: string, seconds?: number): Promise<void> {
    const { api, store, trans } = this._hub;
    try {
      const known = store.get('instance', name)?.idle ?? null;
      store.put(
        await api.instances.extend(name, seconds ?? extensionOf(known))
      );
    } catch (error) {
      notifyFailure(
        trans.__('Instance %1 could not be kept.', name),
        error,
        trans
      );
    }
  }

  /** Deletes an instance after asking. */
  async delete(name: string): Promise<void> {
    const { api, store, trans } = this._hub;
    if (!(await this.confirm('delete', name))) {
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

  /** Asks before something is lost. Resolves to whether to go on. */
  async confirm(ending: Ending, name: string): Promise<boolean> {
    const { api, commands, store, trans } = this._hub;
    let instance: IInstance;
    try {
      instance = store.get('instance', name) ?? (await api.instances.get(name));
    } catch (error) {
      notifyFailure(
        trans.__('Nothing is known of instance %1.', name),
        error,
        trans
      );
      return false;
    }
    const text = lossText(ending, instance, trans);
    return (
      text === null ||
      confirmLoss(
        {
          ...text,
          body: createElement(LossBody, { text, trans }),
          first: hasFiles(instance)
            ? {
                label: trans.__('Save as image first…'),
                execute: () =>
                  void commands.execute(CommandIDs.saveInstance, { name })
              }
            : undefined
        },
        trans
      )
    );
  }

  private async _announceRestart(
    name: string,
    before: IInstance | undefined,
    begin: () => Promise<void> = async () => undefined
  ): Promise<void> {
    const { trans } = this._hub;
    await this._follow(
      name,
      async () => {
        await begin();
        await this._untilReady(name, before);
      },
      {
        pending: trans.__('Instance %1 is restarting…', name),
        success: trans.__('Instance %1 is running again.', name),
        failure: trans.__('Instance %1 did not start again.', name)
      }
    );
  }

  private async _follow(
    name: string,
    action: () => Promise<void>,
    texts: { pending: string; success: string; failure: string }
  ): Promise<void> {
    const { commands, trans } = this._hub;
    await notifyWhile(action, texts, trans, {
      label: trans.__('Open'),
      execute: () => void commands.execute(CommandIDs.openInstance, { name })
    });
  }

  /**
   * Waits until an instance can be entered.
   *
   * @param before - the instance before its restart: its old pod, which is still there for a
   * moment, does not count
   */
  private async _untilReady(name: string, before?: IInstance): Promise<void> {
    const { store, trans } = this._hub;
    let isNew = false;
    const instance = await waitFor(store, 'instance', name, now => {
      const { phase, ready } = now;
      if (before) {
        isNew ||= IN_BETWEEN.includes(phase) || podOf(now) !== podOf(before);
        return (
          phase === 'Stopped' ||
          (isNew && (phase === 'Failed' || (phase === 'Running' && ready)))
        );
      }
      return (
        phase === 'Failed' ||
        phase === 'Stopping' ||
        (phase === 'Running' && ready)
      );
    });
    if (instance?.phase !== 'Running') {
      throw new ApiError(
        instance?.message ||
          trans.__('It was stopped or deleted before it was ready.'),
        instance?.reason || instance?.phase || 'Deleted',
        { remedy: instance?.remedy }
      );
    }
  }
}

/** What changes with the pod of an instance: the times of its way from click to open. */
function podOf({ node, progress }: IInstance): string {
  return JSON.stringify([node, progress.map(({ at }) => at)]);
}
