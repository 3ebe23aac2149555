import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { type ApiError, asApiError, describeError } from '../../api';
import type { IHubContext } from '../../context';
import { isUnderWay, type IMeasurement, type ITransfer } from '../views';
import { NOTHING_CHOSEN, specOf, type Choice } from './selection';

/** The way of an instance into an image: what was measured, what is chosen, what goes on. */
export class SaveModel implements IDisposable {
  /**
   * @param instance - its name
   * @param _draft - what was chosen before the page was reloaded
   */
  constructor(
    private readonly _hub: IHubContext,
    readonly instance: string,
    private readonly _draft: Choice | null
  ) {
    this._choice = { ...NOTHING_CHOSEN, ..._draft };
  }

  /** Emitted when anything of it has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when the server has begun to save. */
  get begun(): ISignal<this, ITransfer> {
    return this._begun;
  }

  /** What would be saved; null until it is known. */
  get measurement(): IMeasurement | null {
    return this._measurement;
  }

  /** When measuring began, in milliseconds since 1970; null while nothing is measured. */
  get measuringSince(): number | null {
    return this._abort && this._measuringSince;
  }

  /** Why nothing is known of what would be saved; null when that is known or may be soon. */
  get problem(): string | null {
    return this._problem;
  }

  get choice(): Choice {
    return this._choice;
  }

  /** Why the server has refused to save. */
  get refusal(): ApiError | null {
    return this._refusal;
  }

  get isSending(): boolean {
    return this._isSending;
  }

  /** Whether the name belongs to an image that is there. */
  get isTaken(): boolean {
    const { image } = this._choice;
    return (
      this._takenName === image || this._hub.images.get(image) !== undefined
    );
  }

  /** The saving that is shown; null while one is being prepared. */
  get transferId(): string | null {
    return this._transferId;
  }

  /**
   * Shows the saving that is under way, or measures what would be saved. After a reload one that
   * has failed is shown too, so that it can be tried again. Never rejects.
   */
  async load(): Promise<void> {
    const isLeft = ({ phase, resumable }: ITransfer): boolean =>
      this._draft !== null && phase === 'Failed' && resumable;
    if (!(await this._find(other => isUnderWay(other) || isLeft(other)))) {
      await this.measure();
    }
  }

  /** Measures what would be saved. Never rejects: see {@link problem}. */
  async measure(): Promise<void> {
    this._abort?.abort();
    const abort = (this._abort = new AbortController());
    this._measuringSince = Date.now();
    this._transferId = this._problem = this._refusal = null;
    this._changed.emit();
    try {
      const found = await this._hub.api.images.measure(
        this.instance,
        abort.signal
      );
      if (!abort.signal.aborted) {
        this._measurement = found;
        this._choice = {
          ...this._choice,
          image: this._choice.image || (found.image ?? '')
        };
      }
    } catch (error) {
      if (!abort.signal.aborted) {
        this._problem = describeError(error);
      }
    }
    if (this._abort === abort) {
      this._abort = null;
    }
    this._changed.emit();
  }

  /** Gives up measuring. */
  cancel(): void {
    this._abort?.abort();
    this._abort = null;
    this._changed.emit();
  }

  /** Chooses something. */
  choose(change: Partial<Choice>): void {
    this._choice = { ...this._choice, ...change };
    if (change.image !== undefined) {
      this._choice = { ...this._choice, overwrite: false };
    }
    this._refusal = null;
    this._changed.emit();
  }

  /** Begins to save. Never rejects: see {@link refusal}. */
  async save(): Promise<void> {
    const { api } = this._hub;
    this._isSending = true;
    this._refusal = null;
    this._changed.emit();
    try {
      const spec = specOf(this._choice);
      const transfer = await api.images.save(this.instance, spec);
      this._transferId = transfer.id;
      this._begun.emit(transfer);
    } catch (error) {
      await this._refused(error);
    }
    this._isSending = false;
    this._changed.emit();
  }

  /** Prepares another saving, under the name that is proposed then. */
  async again(): Promise<void> {
    this._measurement = null;
    this._choice = { ...this._choice, image: '', overwrite: false };
    await this.measure();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._abort?.abort();
    Signal.clearData(this);
  }

  private async _refused(error: unknown): Promise<void> {
    this._refusal = asApiError(error);
    const { reason } = this._refusal;
    if (reason === 'ImageExists') {
      this._takenName = this._choice.image;
    } else if (reason === 'SnapshotRunning' && (await this._find(isUnderWay))) {
      this._refusal = null;
    }
  }

  /** Shows the latest saving of this instance if it is wanted, whoever began it. */
  private async _find(
    isWanted: (transfer: ITransfer) => boolean
  ): Promise<boolean> {
    const { api, store } = this._hub;
    try {
      const [latest] = (await api.transfers.list())
        .filter(
          ({ type, instance }) =>
            type === 'snapshot' && instance === this.instance
        )
        .sort((a, b) => b.started.localeCompare(a.started));
      if (latest && isWanted(latest)) {
        store.put(latest);
        this._transferId = latest.id;
        this._changed.emit();
        return true;
      }
    } catch {
      // What is asked next tells what is wrong.
    }
    return false;
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _begun = new Signal<this, ITransfer>(this);
  private _measurement: IMeasurement | null = null;
  private _problem: string | null = null;
  private _choice: Choice;
  private _refusal: ApiError | null = null;
  private _takenName: string | null = null;
  private _transferId: string | null = null;
  private _abort: AbortController | null = null;
  private _measuringSince = 0;
  private _isSending = false;
  private _isDisposed = false;
}
