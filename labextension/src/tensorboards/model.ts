import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { ApiError, asApiError } from '../api';
import type { IHubContext } from '../context';
import type { IObjectChange } from '../events';
import { untilRuns } from './firstRuns';
import { tabState, type TabState } from './state';
import { keyOfTarget, targetOf, type ITensorBoardTarget } from './target';
import type {
  ITensorBoard,
  ITensorBoardNote,
  ITensorBoardRequest
} from './views';

/** One TensorBoard in a tab, from its request to its end. */
export class TensorBoardModel {
  constructor(
    private readonly _hub: IHubContext,
    private _target: ITensorBoardTarget
  ) {
    _hub.store.objectChanged.connect(this._onChange, this);
  }

  readonly changed = new Signal<this, void>(this);

  /** The TensorBoard as it was last heard of; null before the server has told it. */
  get view(): ITensorBoard | null {
    return this._view;
  }

  /** What is asked for, as a reload of the page needs it. */
  get target(): ITensorBoardTarget {
    return this._target;
  }

  /** Why the server refused; null when it did not. */
  get problem(): ApiError | null {
    return this._problem;
  }

  /** What is worth knowing and was not dismissed. */
  get notes(): readonly ITensorBoardNote[] {
    return [...this._ownNotes, ...(this._view?.notes ?? [])].filter(
      ({ id }) => !this._dismissed.has(id)
    );
  }

  get state(): TabState {
    return tabState({
      view: this._view,
      isRefused: this._problem !== null,
      isAsking: this._isAsking,
      isMissing: this._isMissing,
      isReading: this._isReading,
      showsAnyway: this._showsAnyway,
      isClusterAway: this._hub.store.tensorboardProblem !== null
    });
  }

  /** Whether a tab on `target` is this one. */
  shows(target: ITensorBoardTarget): boolean {
    return target.id
      ? target.id === this._view?.id || target.id === this._target.id
      : keyOfTarget(target) === keyOfTarget(this._target);
  }

  /** Asks for the TensorBoard; the server starts one where there is none. */
  open(): Promise<void> {
    const { tensorboards } = this._hub.api;
    return this._ask(async () => {
      const { id } = this._target;
      const request = this._request;
      if (id) {
        try {
          const view = await tensorboards.get(id);
          return view.where === 'local' && view.phase === 'Stopped'
            ? await tensorboards.setState(id, 'running')
            : view;
        } catch (error) {
          const canAsk = request.folders?.length || request.job;
          if (asApiError(error).status !== 404 || !canAsk) {
            throw error;
          }
        }
      }
      return tensorboards.open(request);
    });
  }

  /** Starts it again, or another one where it was deleted. */
  start(): Promise<void> {
    const { tensorboards } = this._hub.api;
    const { state, _view: view } = this;
    if (!view || state === 'gone' || view.where === 'found') {
      return this._ask(() => tensorboards.open(this._request));
    }
    return this._ask(() => tensorboards.setState(view.id, 'running'));
  }

  stop(): Promise<void> {
    const id = this._view?.id;
    return id === undefined
      ? Promise.resolve()
      : this._ask(() => this._hub.api.tensorboards.setState(id, 'stopped'));
  }

  /** Takes in a TensorBoard that took the place of this one. */
  replace(view: ITensorBoard): void {
    this._target = targetOf(view);
    this._take(view);
    this.changed.emit();
  }

  /** Hears of no changes, such as the end of what is about to be replaced, until it is disposed. */
  hold(): IDisposable {
    this._isReplacing = true;
    return new DisposableDelegate(() => {
      this._isReplacing = false;
    });
  }

  /** Shows TensorBoard although it has nothing to show yet. */
  showAnyway(): void {
    this._showsAnyway = true;
    this.changed.emit();
  }

  /** Asks how it stands: sooner than the server would tell by itself. */
  async look(): Promise<void> {
    const id = this._view?.id;
    if (id !== undefined) {
      try {
        this._hub.store.put(await this._hub.api.tensorboards.get(id));
      } catch {
        // What is wrong is told by the lists.
      }
    }
  }

  /** Tells the server that somebody looks at it, so that it does not end. */
  async beat(): Promise<void> {
    const { _view: view } = this;
    if (view?.phase === 'Running' && !this._isMissing) {
      await this._hub.api.tensorboards.touch(view.id);
      this._lastBeat = Date.now();
    }
  }

  /** Starts it again where it ended because nobody looked, and that is done in a moment. */
  async wake(): Promise<void> {
    const { _view: view } = this;
    const away = (Date.now() - this._lastBeat) / 1000;
    if (
      this.state === 'stopped' &&
      view?.where === 'local' &&
      view.idle_seconds > 0 &&
      away >= view.idle_seconds * 0.9
    ) {
      this._lastBeat = Date.now();
      await this.start();
      const { trans } = this._hub;
      this._dismissed.delete('woken');
      this._ownNotes = [
        {
          id: 'woken',
          message: trans.__(
            'It had ended after a time without use, and was started again.'
          )
        }
      ];
      this.changed.emit();
    }
  }

  dismiss(note: string): void {
    this._dismissed.add(note);
    this.changed.emit();
  }

  dispose(): void {
    this._isDisposed = true;
    this._hub.store.objectChanged.disconnect(this._onChange, this);
    Signal.clearData(this);
  }

  /** What another one is asked for with. */
  private get _request(): ITensorBoardRequest {
    const request = { ...this._target };
    delete request.id;
    const { _view: view } = this;
    return request.job || request.folders?.length || !view
      ? request
      : { ...request, folders: view.folders };
  }

  private async _ask(request: () => Promise<ITensorBoard>): Promise<void> {
    this._problem = null;
    this._isAsking = true;
    this.changed.emit();
    try {
      this._take(await request());
      this._lastBeat = Date.now();
    } catch (error) {
      this._problem = asApiError(error);
    }
    this._isAsking = false;
    if (!this._isDisposed) {
      this.changed.emit();
    }
  }

  private _take(view: ITensorBoard): void {
    this._problem = null;
    this._isMissing = false;
    this._view = view;
    if (view.where !== 'local') {
      this._target = { ...this._target, id: view.id };
    }
    this._hub.store.put(view);
  }

  private _onChange(_: unknown, { kind, key, object }: IObjectChange): void {
    const before = this._view;
    if (kind !== 'tensorboard' || key !== before?.id || this._isReplacing) {
      return;
    }
    this._isMissing = object === null;
    if (object?.kind === 'tensorboard') {
      this._view = object;
      if (before.waiting && !object.waiting && object.phase === 'Running') {
        void this._readFirst(object.id);
      }
    }
    this.changed.emit();
  }

  /** Waits until TensorBoard has read what training has just begun to write. */
  private async _readFirst(id: string): Promise<void> {
    this._isReading = true;
    const { tensorboards } = this._hub.api;
    await untilRuns(
      () => tensorboards.runs(id),
      () => this._isDisposed
    );
    this._isReading = false;
    this.firstRead.emit(this._showsAnyway);
    this.changed.emit();
  }

  /**
   * Emitted when the first events are there, with whether the user has TensorBoard before his eyes:
   * what it showed before was nothing.
   */
  readonly firstRead = new Signal<this, boolean>(this);

  private _view: ITensorBoard | null = null;
  private _problem: ApiError | null = null;
  private _isAsking = false;
  private _isReplacing = false;
  private _isMissing = false;
  private _isReading = false;
  private _isDisposed = false;
  private _showsAnyway = false;
  private _lastBeat = Date.now();
  private _ownNotes: readonly ITensorBoardNote[] = [];
  private readonly _dismissed = new Set<string>();
}
