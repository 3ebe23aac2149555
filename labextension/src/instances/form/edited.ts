import { JSONExt } from '@lumino/coreutils';
import { variablesOf } from '../../form/draft';
import type { IInstance, Spec } from '../../views';

/** An instance whose spec is edited, and what has happened to it elsewhere meanwhile. */
export class EditedInstance {
  /**
   * @param _now - the instance as it is now
   * @param known - the spec, without variables, with which the editing began before the page was
   * loaded again; null when it begins now
   * @param _isListed - whether the list has it already, so that it is gone once it is not there
   */
  constructor(
    private _now: IInstance,
    known: Spec | null,
    private _isListed = false
  ) {
    this._base = _now;
    if (known) {
      this._base = { ..._now, spec: { ...known, ...variablesOf(_now.spec) } };
      this.see(_now);
    }
  }

  /** The instance with which the editing began. */
  get base(): IInstance {
    return this._base;
  }

  /** The instance as it is now. */
  get now(): IInstance {
    return this._now;
  }

  get elsewhere(): 'changed' | 'deleted' | null {
    return this._elsewhere;
  }

  /** Takes note of the instance as the list has it; null when the list has none of its name. */
  look(there: IInstance | null): void {
    // An instance that is younger than the list is not gone.
    this._isListed ||= there !== null;
    if (this._isListed) {
      this.see(there);
    }
  }

  /** Takes note of the instance as it is now; null when it is gone. */
  see(there: IInstance | null): void {
    if (there === null || there.uid !== this._base.uid) {
      this._elsewhere = 'deleted';
      return;
    }
    this._now = there;
    if (JSONExt.deepEqual(there.spec, this._base.spec)) {
      this._base = there;
      this._elsewhere = null;
    } else {
      this._elsewhere = 'changed';
    }
  }

  /** Goes on from the instance as it is now. */
  accept(): void {
    this._base = this._now;
    this._elsewhere = null;
  }

  private _base: IInstance;
  private _elsewhere: 'changed' | 'deleted' | null = null;
}
