import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { TrainHubApi } from '../../api';
import type { IScalars } from './views';

/** Milliseconds between two requests for a job that goes on. */
const INTERVAL = 7_000;
const LONGEST_INTERVAL = 60_000;

/** Event files are read every few seconds: the second answer about an ended job holds its end. */
const LAST_ANSWERS = 2;

/** Asks for the curves of one job for all who show them, while anybody does. */
class ScalarsWatch {
  constructor(
    private readonly _api: TrainHubApi,
    private readonly _job: string
  ) {}

  readonly changed = new Signal<this, void>(this);
  value: IScalars | null = null;

  /** Begins for one more; `isOver` says whether the job goes on no longer. */
  start(isOver: boolean): void {
    this._users += 1;
    this._answersLeft = isOver ? LAST_ANSWERS : Infinity;
    this._poll ??= new Poll({
      factory: () => this._ask(),
      frequency: { interval: INTERVAL, backoff: true, max: LONGEST_INTERVAL },
      standby: 'when-hidden'
    });
  }

  /** Ends for one; whether nobody is left. */
  stop(): boolean {
    this._users -= 1;
    if (this._users === 0) {
      this._poll?.dispose();
      this._poll = null;
    }
    return this._users === 0;
  }

  private async _ask(): Promise<void> {
    const value = await this._api.jobs.scalars(this._job);
    if (!this._poll) {
      return;
    }
    this.value = value;
    this.changed.emit();
    this._answersLeft -= 1;
    if (this._answersLeft <= 0) {
      void this._poll.stop();
    }
  }

  private _users = 0;
  private _answersLeft = Infinity;
  private _poll: Poll | null = null;
}

const watches = new WeakMap<TrainHubApi, Map<string, ScalarsWatch>>();

/**
 * Watches the curves of a job until the function that it returns is called.
 *
 * @param key - the same for all who show this very job
 */
export function watchScalars(
  api: TrainHubApi,
  job: string,
  { key, isOver }: { key: string; isOver: boolean },
  show: (scalars: IScalars) => void
): () => void {
  const known = watches.get(api) ?? new Map<string, ScalarsWatch>();
  watches.set(api, known);
  const watch = known.get(key) ?? new ScalarsWatch(api, job);
  known.set(key, watch);
  const changed = (): void => {
    if (watch.value) {
      show(watch.value);
    }
  };
  watch.changed.connect(changed);
  watch.start(isOver);
  changed();
  return () => {
    watch.changed.disconnect(changed);
    if (watch.stop()) {
      known.delete(key);
    }
  };
}
