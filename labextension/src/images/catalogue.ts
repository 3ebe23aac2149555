import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { type ApiError, asApiError, type TrainHubApi } from '../api';
import type { IObjectChange } from '../events';
import type { TrainHubStore } from '../store';
import { isUnderWay, type IImage, type IRegistry } from './views';

/** Milliseconds between two looks at the registry; what this site does itself is seen at once. */
const INTERVAL = 300_000;

/** Milliseconds for which an answer is taken for new. */
const FRESH = 30_000;

/**
 * The images as this browser knows them. They are asked for while somebody watches, and once more
 * when a transfer has made one.
 */
export class ImageCatalogue implements IDisposable {
  constructor(
    private readonly _api: TrainHubApi,
    private readonly _store: TrainHubStore
  ) {
    this._poll = new Poll({
      auto: false,
      factory: () => this._fetch(),
      frequency: { interval: INTERVAL, backoff: true, max: 4 * INTERVAL },
      name: 'jupyter_trainhub:images',
      standby: () => this._watchers === 0 || 'when-hidden'
    });
    _store.changed.connect(this._onStoreChanged, this);
    _store.objectChanged.connect(this._onObjectChanged, this);
  }

  /** Emitted when the images, the registry or the problem changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get items(): readonly IImage[] {
    return this._items;
  }

  /** Where saved images go; null where nothing is set up, undefined before the first answer. */
  get registry(): IRegistry | null | undefined {
    return this._registry;
  }

  /** Why the images may be out of date; null when they are not. */
  get problem(): ApiError | null {
    return this._problem;
  }

  get isPending(): boolean {
    return this._isPending;
  }

  /** The image of this name; undefined when none is known. */
  get(name: string): IImage | undefined {
    return this._items.find(image => image.name === name);
  }

  /** Keeps the images up to date until the returned lease is disposed. */
  watch(): IDisposable {
    this._watchers += 1;
    if (Date.now() - this._answered > FRESH && !this._isPending) {
      void this.refresh();
    }
    return new DisposableDelegate(() => {
      this._watchers -= 1;
    });
  }

  /** Fetches the images now, where the cluster is ready. Never rejects: see {@link problem}. */
  async refresh(): Promise<void> {
    if (this._poll.isDisposed || !this._isReady) {
      return;
    }
    await this._poll.refresh();
    await this._poll.tick;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      Signal.clearData(this);
    }
  }

  private get _isReady(): boolean {
    return this._store.status?.cluster.state === 'ready';
  }

  private async _fetch(): Promise<void> {
    this._isPending = true;
    this._changed.emit();
    try {
      const { items, registry } = await this._api.images.list();
      this._items = items;
      this._registry = registry;
      this._problem = null;
      this._answered = Date.now();
    } catch (error) {
      this._problem = asApiError(error);
      throw error;
    } finally {
      this._isPending = false;
      this._changed.emit();
    }
  }

  private _onStoreChanged(): void {
    const wasReady = this._wasReady;
    this._wasReady = this._isReady;
    if (this._isReady && !wasReady && this._watchers > 0) {
      void this.refresh();
    }
  }

  /** A transfer that was seen under way and has succeeded has made an image. */
  private _onObjectChanged(_: unknown, { kind, key, object }: IObjectChange) {
    if (kind !== 'transfer' || object?.kind !== 'transfer') {
      return;
    }
    if (isUnderWay(object)) {
      this._underWay.add(key);
    } else if (this._underWay.delete(key) && object.phase === 'Succeeded') {
      this._answered = 0;
      if (this._watchers > 0) {
        void this.refresh();
      }
    }
  }

  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _underWay = new Set<string>();
  private _items: readonly IImage[] = [];
  private _registry: IRegistry | null | undefined;
  private _problem: ApiError | null = null;
  private _isPending = false;
  private _answered = 0;
  private _wasReady = false;
  private _watchers = 0;
}
