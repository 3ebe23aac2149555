import { URLExt } from '@jupyterlab/coreutils';
import {
  ServerConnection,
  TerminalManager,
  type Terminal as TerminalService
} from '@jupyterlab/services';
import type { Terminal } from '@jupyterlab/terminal';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError, describeError, type TrainHubApi } from '../api';
import type { IShell } from '../views';
import type { TerminalAppearance } from './appearance';

/** How a shell stands: `ended` by itself, `lost` when the connection to it is. */
export type ShellState = 'connecting' | 'open' | 'ended' | 'lost' | 'failed';

/**
 * A shell in JupyterLab's own terminal. It lives on the server: whoever opens it again, after a
 * reload too, finds it as it was left.
 */
export class Shell implements IDisposable {
  /** @param _place - what it is in: `instances/desk` or `jobs/train/0` */
  constructor(
    private readonly _api: TrainHubApi,
    private readonly _place: string,
    private readonly _appearance: TerminalAppearance
  ) {
    const { serverSettings } = _api;
    const prefix = `trainhub/${_place}/shell/`;
    const settings = ServerConnection.makeSettings({
      ...serverSettings,
      baseUrl: URLExt.join(serverSettings.baseUrl, prefix),
      wsUrl: URLExt.join(serverSettings.wsUrl, prefix)
    });
    this._manager = new TerminalManager({
      serverSettings: settings,
      // Nobody needs the list to be polled: a shell that ends says so on its websocket.
      standby: () => true,
      terminalAPIClient: {
        serverSettings: settings,
        // That the Jupyter server around has terminals switched off does not concern what runs elsewhere.
        isAvailable: true,
        startNew: () => _api.shells.start(_place),
        listRunning: () => _api.shells.list(_place),
        shutdown: name => _api.shells.end(_place, name)
      }
    });
    // It rejects when the manager is disposed before its first, empty, poll.
    this._manager.ready.catch(() => undefined);
  }

  /** Emitted when state or terminal change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): ShellState {
    return this._state;
  }

  /** The widget, once there is a shell. */
  get terminal(): Terminal | null {
    return this._terminal;
  }

  /** Why there is no shell, when the state is `failed`. */
  get problem(): string | null {
    return this._problem;
  }

  get isDisposed(): boolean {
    return this._manager.isDisposed;
  }

  /** Attaches to the shell that runs, or starts one. Never rejects. */
  async open(): Promise<void> {
    await this._attach(async () => {
      const [running] = await this._api.shells.list(this._place);
      return running ?? this._api.shells.start(this._place);
    });
  }

  /** Ends the shell that runs and starts another one. Never rejects. */
  async renew(): Promise<void> {
    await this._attach(async () => {
      const session = this._terminal?.session;
      if (session && !session.isDisposed) {
        try {
          await this._api.shells.end(this._place, session.name);
        } catch (error) {
          // One that is gone need not be ended.
          if (!(error instanceof ApiError && error.status === 404)) {
            throw error;
          }
        }
      }
      return this._api.shells.start(this._place);
    });
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._release();
      this._manager.dispose();
      Signal.clearData(this);
    }
  }

  private async _attach(find: () => Promise<IShell>): Promise<void> {
    this._set('connecting');
    try {
      const [{ Terminal }, options, model] = await Promise.all([
        import('@jupyterlab/terminal'),
        this._appearance.options(),
        find()
      ]);
      if (this.isDisposed) {
        return;
      }
      this._release();
      const session = this._manager.connectTo({ model });
      const terminal = new Terminal(session, options);
      this._terminal = terminal;
      // Before that it can neither be focused nor styled.
      await terminal.ready;
      if (terminal === this._terminal) {
        this._style = this._appearance.follow(terminal);
        session.connectionStatusChanged.connect(this._onStatus, this);
        this._onStatus(session);
      }
    } catch (error) {
      this._set('failed', describeError(error));
    }
  }

  private _onStatus(session: TerminalService.ITerminalConnection): void {
    if (session === this._terminal?.session) {
      const status = session.connectionStatus;
      this._set(
        session.isDisposed
          ? 'ended'
          : status === 'connected'
            ? 'open'
            : status === 'connecting'
              ? 'connecting'
              : 'lost'
      );
    }
  }

  private _set(state: ShellState, problem: string | null = null): void {
    if (!this.isDisposed) {
      this._state = state;
      this._problem = problem;
      this._changed.emit();
    }
  }

  private _release(): void {
    const terminal = this._terminal;
    this._terminal = null;
    this._style?.dispose();
    this._style = null;
    terminal?.session.connectionStatusChanged.disconnect(this._onStatus, this);
    terminal?.dispose();
    terminal?.session.dispose();
  }

  private readonly _manager: TerminalManager;
  private readonly _changed = new Signal<this, void>(this);
  private _state: ShellState = 'connecting';
  private _problem: string | null = null;
  private _terminal: Terminal | null = null;
  private _style: IDisposable | null = null;
}
