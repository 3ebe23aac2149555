import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { type ApiError, asApiError } from '../api';
import type { Spec } from '../views';

/** What the server says to a spec, asked for again whenever the spec changes. */
export class LiveAnswer<T> implements IDisposable {
  /**
   * @param _fetch - asks the server
   * @param quiet - milliseconds without a change after which it is asked
   */
  constructor(
    private readonly _fetch: (spec: Spec, signal: AbortSignal) => Promise<T>,
    quiet: number
  ) {
    this._debouncer = new Debouncer((spec: Spec) => this._ask(spec), quiet);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The last answer that was possible, kept while asking again; null before the first. */
  get answer(): T | null {
    return this._answer;
  }

  /** Why there is no answer to the spec as it is now; null when there is one. */
  get problem(): ApiError | null {
    return this._problem;
  }

  get isPending(): boolean {
    return this._isPending;
  }

  /** Asks about `spec` after a moment of quiet, unless it is asked for again. */
  request(spec: Spec): void {
    this._isPending = true;
    this._abort?.abort();
    void this._debouncer.invoke(spec);
    this._changed.emit();
  }

  get isDisposed(): boolean {
    return this._debouncer.isDisposed;
  }

  dispose(): void {
    this._abort?.abort();
    this._debouncer.dispose();
    Signal.clearData(this);
  }

  private async _ask(spec: Spec): Promise<void> {
    const abort = new AbortController();
    this._abort = abort;
    try {
      const answer = await this._fetch(spec, abort.signal);
      if (abort.signal.aborted) {
        return;
      }
      this._answer = answer;
      this._problem = null;
    } catch (error) {
      if (abort.signal.aborted) {
        return;
      }
      this._problem = asApiError(error);
    }
    this._isPending = false;
    this._changed.emit();
  }

  private readonly _debouncer: Debouncer<void, unknown, [Spec]>;
  private readonly _changed = new Signal<this, void>(this);
  private _abort: AbortController | null = null;
  private _answer: T | null = null;
  private _problem: ApiError | null = null;
  private _isPending = false;
}
