import type { ILogLine } from './line';

/** A line and its place in the whole log; the numbers of following lines follow each other. */
export interface INumberedLine extends ILogLine {
  number: number;
}

/** The last lines of a log that may be endless. */
export class LogBuffer {
  /** @param capacity - how many lines are kept */
  constructor(readonly capacity = 10_000) {}

  /** How many lines were ever added, with those that were dropped since. */
  get total(): number {
    return this._total;
  }

  /** How many of the oldest lines are no longer kept. */
  get dropped(): number {
    return Math.max(0, this._total - this.capacity);
  }

  push(lines: readonly ILogLine[]): void {
    for (const line of lines) {
      this._ring[this._total % this.capacity] = line;
      this._total += 1;
    }
  }

  clear(): void {
    this._ring = [];
    this._total = 0;
  }

  /** The lines that are kept, from number `first` to before `end`, oldest first. */
  *from(first: number, end = this._total): Generator<INumberedLine> {
    const start = Math.max(first, this.dropped);
    for (let number = start; number < end; number += 1) {
      yield { ...this._ring[number % this.capacity], number };
    }
  }

  private _ring: ILogLine[] = [];
  private _total = 0;
}
