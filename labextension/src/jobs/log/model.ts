import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { TrainHubApi } from '../../api';
import { LogBuffer } from './buffer';
import { LineSplitter, parseLine, type ILogLine } from './line';

/** Milliseconds before the first attempt to connect again; doubled with each that fails. */
const FIRST_DELAY = 1_000;

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_DELAY = 30_000;

/** Lines that are kept of all ranks, and of each where they are not many. */
const CAPACITY = 10_000;

/** Lines that are kept of all ranks one by one. */
const CAPACITY_OF_RANKS = 40_000;

/** Milliseconds for which lines are taken before the page may do something else. */
const SLICE = 20;

/** Milliseconds between two moments at which what has come is shown. */
const SHOWN_EVERY = 50;

/** Which log of a job it is. */
export interface ILogSource {
  job: string;
  /** How many ranks there are. */
  nodes: number;
  /** Which attempt; the newest and those after it for null. */
  attempt: number | null;
  /** Whether it is that of the containers before the present ones. */
  previous: boolean;
}

/** How the log stands. */
export type LogState =
  /** The stream is open. */
  | 'following'
  /** The stream broke or is not there yet; it is tried again by itself. */
  | 'reconnecting'
  /** The job is over and the whole log was read. */
  | 'complete';

/**
 * The log of one job, read while the job runs: one stream with the lines of all ranks, however many
 * of them are looked at, for a browser holds no more than six connections to a server.
 */
export class LogModel implements IDisposable {
  /** @param _isOver - whether the job will not write any more */
  constructor(
    private readonly _api: TrainHubApi,
    readonly source: ILogSource,
    private readonly _isOver: () => boolean
  ) {
    this._capacity = Math.min(
      CAPACITY,
      Math.max(1_000, Math.floor(CAPACITY_OF_RANKS / source.nodes))
    );
  }

  /** The last lines of all ranks. */
  readonly buffer = new LogBuffer(CAPACITY);

  /** The last lines of one rank, or of all for null. */
  of(rank: number | null): LogBuffer {
    if (rank === null) {
      return this.buffer;
    }
    let buffer = this._ranks.get(rank);
    if (!buffer) {
      buffer = new LogBuffer(this._capacity);
      this._ranks.set(rank, buffer);
    }
    return buffer;
  }

  /** Emitted when lines came, or the state changed; several times a second at most. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): LogState {
    return this._state;
  }

  /** Why it is reconnecting; null when the stream just ended. */
  get problem(): unknown {
    return this._problem;
  }

  /** Changes whenever the buffer was emptied to be read anew. */
  get generation(): number {
    return this._generation;
  }

  /** Begins to read, or tries again at once where it is waiting to. */
  start(): void {
    this._wake?.();
    if (!this._isReading && this._state !== 'complete') {
      this._isReading = true;
      void this._readAll();
    }
  }

  get isDisposed(): boolean {
    return this._abort.signal.aborted;
  }

  dispose(): void {
    clearTimeout(this._showing);
    this._abort.abort();
    this._wake?.();
    Signal.clearData(this);
  }

  private async _readAll(): Promise<void> {
    let delay = FIRST_DELAY;
    while (!this.isDisposed) {
      const before = this.buffer.total;
      try {
        await this._readOnce();
        this._problem = null;
        if (this._isOver()) {
          this._set('complete');
          return;
        }
      } catch (error) {
        this._problem = error;
      }
      if (this.isDisposed) {
        return;
      }
      this._set('reconnecting');
      delay =
        this.buffer.total > before
          ? FIRST_DELAY
          : Math.min(2 * delay, LONGEST_DELAY);
      await this._sleep(delay);
    }
  }

  /**
   * Reads the stream to its end. The server cannot be asked to go on where a stream broke, so the
   * last lines are read anew; those on the screen stay until the first of them arrive.
   */
  private async _readOnce(): Promise<void> {
    const stream = await this._api.jobs.logs(
      this.source,
      this._capacity,
      this._abort.signal
    );
    const reader = stream.getReader();
    const splitter = new LineSplitter();
    let isFirst = true;
    const take = (raw: string[]): void => {
      if (isFirst && raw.length > 0) {
        isFirst = false;
        this._restart();
      }
      this._append(raw.map(parseLine));
    };
    let began = performance.now();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        take(splitter.end());
        return;
      }
      this._state = 'following';
      take(splitter.push(value));
      if (performance.now() - began > SLICE) {
        // A log that comes faster than it can be shown must not stop the page.
        await new Promise(resolve => setTimeout(resolve));
        began = performance.now();
      }
    }
  }

  private _restart(): void {
    [this.buffer, ...this._ranks.values()].forEach(buffer => buffer.clear());
    this._generation += 1;
  }

  private _append(lines: ILogLine[]): void {
    this.buffer.push(lines);
    for (const line of lines) {
      if (line.rank !== null) {
        this.of(line.rank).push([line]);
      }
    }
    this._showing ??= window.setTimeout(() => {
      this._showing = undefined;
      this._changed.emit();
    }, SHOWN_EVERY);
  }

  private _set(state: LogState): void {
    this._state = state;
    clearTimeout(this._showing);
    this._showing = undefined;
    this._changed.emit();
  }

  private _sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, milliseconds);
      this._wake = () => {
        clearTimeout(timer);
        this._wake = null;
        resolve();
      };
    });
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _abort = new AbortController();
  private readonly _ranks = new Map<number, LogBuffer>();
  private readonly _capacity: number;
  private _showing: number | undefined;
  private _state: LogState = 'reconnecting';
  private _problem: unknown = null;
  private _generation = 0;
  private _isReading = false;
  private _wake: (() => void) | null = null;
}
