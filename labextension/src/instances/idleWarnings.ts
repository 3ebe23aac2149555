import { Notification } from '@jupyterlab/apputils';
import type { IStateDB } from '@jupyterlab/statedb';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import type { IInstance } from '../views';
import { keepWords } from './idle';

/** Under which the warnings that were given are kept over a reload. */
const STATE = 'jupyter_trainhub:idle-warnings';

/** Milliseconds by which two times of one stop may differ: it is worked out anew each time. */
const SAME_STOP = 60_000;

/**
 * Warns of instances that are about to be stopped because they are idle, once for each stop,
 * whatever is on the screen. The store is watched only while an instance of the user's runs.
 */
export class IdleWarnings implements IDisposable {
  constructor(
    private readonly _hub: IHubContext,
    private readonly _state: IStateDB | null
  ) {}

  /** Looks once which instances there are, and goes on while any runs. */
  async begin(): Promise<void> {
    const told = await this._state?.fetch(STATE);
    this._told = new Map(Object.entries((told ?? {}) as object));
    const { store } = this._hub;
    this._lease = store.watch();
    store.changed.connect(this._onChanged, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._lease?.dispose();
    Signal.clearData(this);
  }

  private _onChanged(): void {
    const { store } = this._hub;
    const user = store.status?.user ?? null;
    const running = store
      .list('instance')
      .filter(
        ({ phase, owner }) =>
          phase === 'Running' &&
          (owner === null || user === null || owner === user)
      );
    if (running.length > 0) {
      this._lease ??= store.watch();
    } else if (store.isLoaded('instance') || store.problem || store.status) {
      // Where something starts later, those who started it watch, and the event bus tells.
      this._lease?.dispose();
      this._lease = null;
    }
    const warned = running.filter(({ idle }) => idle?.warned && idle.stops_at);
    for (const uid of this._shown.keys()) {
      if (!warned.some(instance => instance.uid === uid)) {
        this._dismiss(uid);
      }
    }
    warned.forEach(instance => this._warn(instance));
  }

  private _warn(instance: IInstance): void {
    const { commands, trans } = this._hub;
    const { name, uid, idle } = instance;
    const stop = idle!.stops_at!;
    const told = this._told.get(uid);
    if (
      told !== undefined &&
      Math.abs(Date.parse(told) - Date.parse(stop)) < SAME_STOP
    ) {
      return;
    }
    this._dismiss(uid);
    const time = new Date(stop).toLocaleTimeString([], {
      hour: '2-digit',
      minute: '2-digit'
    });
    const action = (label: string, command: string): Notification.IAction => ({
      label,
      callback: () => void commands.execute(command, { name })
    });
    const id = Notification.warning(
      trans.__('Instance %1 is idle and will be stopped at %2.', name, time),
      {
        autoClose: false,
        actions: [
          action(keepWords(idle, trans), CommandIDs.extendInstance),
          action(trans.__('Open'), CommandIDs.openInstance)
        ]
      }
    );
    this._shown.set(uid, id);
    this._told.set(uid, stop);
    void this._keep();
  }

  private _dismiss(uid: string): void {
    const id = this._shown.get(uid);
    if (id !== undefined) {
      Notification.dismiss(id);
      this._shown.delete(uid);
    }
  }

  /** Keeps what was told of the instances that there are. */
  private async _keep(): Promise<void> {
    const there = this._hub.store.list('instance').map(({ uid }) => uid);
    const told = Array.from(this._told).filter(([uid]) => there.includes(uid));
    await this._state?.save(STATE, Object.fromEntries(told));
  }

  private readonly _shown = new Map<string, string>();
  private _told = new Map<string, string>();
  private _lease: IDisposable | null = null;
  private _isDisposed = false;
}
