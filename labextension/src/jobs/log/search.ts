import type { LogBuffer } from './buffer';
import { plainText } from './line';

/** Finds a text in the lines that a buffer keeps, whatever the case of its letters. */
export class LogSearch {
  constructor(private readonly _buffer: LogBuffer) {}

  /** How many lines have it. */
  get count(): number {
    return this._found.length;
  }

  /** The number of the line that was gone to last; null before the first. */
  get current(): number | null {
    return this._current;
  }

  /** The place of that line among all that have it, from 1; 0 for none. */
  get position(): number {
    return this._current === null ? 0 : this._found.indexOf(this._current) + 1;
  }

  /** Looks at the lines that came since the last call; at all of them for another text. */
  update(query: string): void {
    const wanted = query.toLowerCase();
    if (wanted !== this._wanted || this._seen > this._buffer.total) {
      this._wanted = wanted;
      this._found = [];
      this._seen = 0;
      this._current = null;
    }
    if (wanted) {
      for (const line of this._buffer.from(this._seen)) {
        if (plainText(line).toLowerCase().includes(wanted)) {
          this._found.push(line.number);
        }
      }
    }
    this._seen = this._buffer.total;
    const { dropped } = this._buffer;
    if (this._found.length > 0 && this._found[0] < dropped) {
      this._found = this._found.filter(number => number >= dropped);
    }
    this._numbers = new Set(this._found);
  }

  /** Whether the line `number` has it. */
  readonly has = (number: number): boolean => this._numbers.has(number);

  /** Goes to the next line that has it, or the one before; round at the end. Null for none. */
  step(forward: boolean): number | null {
    const found = this._found;
    const at = this._current;
    if (found.length === 0) {
      return (this._current = null);
    }
    // The first step goes to the newest.
    const next = forward
      ? (found.find(number => at !== null && number > at) ?? found[0])
      : found.filter(number => at === null || number < at).pop();
    this._current = next ?? found[found.length - 1];
    return this._current;
  }

  private _wanted = '';
  private _found: number[] = [];
  private _numbers = new Set<number>();
  private _seen = 0;
  private _current: number | null = null;
}
