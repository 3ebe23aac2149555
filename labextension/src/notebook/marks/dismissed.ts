import type { IStateDB } from '@jupyterlab/statedb';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IFailure } from '../../jobs/failure/views';

/** Under which the failures that somebody has put away are kept over a reload. */
const STATE = 'jupyter_trainhub:dismissed-failures';

/** How many are kept: those of jobs that are long gone are not asked for again. */
const MOST = 200;

/** The failures that somebody does not want to see in notebooks any more. */
export class DismissedFailures {
  constructor(private readonly _state: IStateDB | null) {
    this.ready = this._load();
  }

  /** Resolves when those of before are known. */
  readonly ready: Promise<void>;

  /** Emitted when there is one more. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  has(failure: IFailure): boolean {
    return this._keys.has(keyOf(failure));
  }

  async add(failure: IFailure): Promise<void> {
    this._keys.add(keyOf(failure));
    this._changed.emit();
    await this._state?.save(STATE, [...this._keys].slice(-MOST));
  }

  private async _load(): Promise<void> {
    const kept = await this._state?.fetch(STATE);
    for (const key of Array.isArray(kept) ? kept : []) {
      this._keys.add(String(key));
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _keys = new Set<string>();
}

function keyOf({ uid, attempt }: IFailure): string {
  return `${uid}/${attempt}`;
}
