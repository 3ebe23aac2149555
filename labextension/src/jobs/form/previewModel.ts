import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../api';
import type { IPreview, Spec } from '../../views';

/** Milliseconds of quiet after which a preview is asked for. */
const QUIET = 400;

/** The preview of a job's spec, asked for again whenever the spec changes. */
export class PreviewModel implements IDisposable {
  constructor(
    private readonly _fetch: (
      spec: Spec,
      signal: AbortSignal
    ) => Promise<IPreview>
  ) {
    this._debouncer = new Debouncer((spec: Spec) => this._ask(spec), QUIET);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The last preview that was possible; null before the first. */
  get preview(): IPreview | null {
    return this._preview;
  }

  /** Why there is no preview of the spec as it is now; null when there is one. */
  get problem(): ApiError | null {
    return this._problem;
  }

  get isPending(): boolean {
    return this._isPending;
  }

  /** Asks for the preview of `spec` after a moment of quiet, unless it is asked for again. */
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
      this._preview = await this._fetch(spec, abort.signal);
      this._problem = null;
    } catch (error) {
      if (abort.signal.aborted) {
        return;
      }
      this._problem =
        error instanceof ApiError
          ? error
          : new ApiError(String(error), 'Unknown');
    }
    if (!abort.signal.aborted) {
      this._isPending = false;
      this._changed.emit();
    }
  }

  private readonly _debouncer: Debouncer<void, unknown, [Spec]>;
  private readonly _changed = new Signal<this, void>(this);
  private _abort: AbortController | null = null;
  private _preview: IPreview | null = null;
  private _problem: ApiError | null = null;
  private _isPending = false;
}
