import { plain } from './ansi.js';

/** Finds a text in lines, whatever the case of its letters. */
export class Search {
  query = '';

  /** @type {number[]} The numbers of the lines that have it. */
  found = [];

  /** @param {string} query */
  clear(query) {
    this.query = query.toLowerCase();
    this.found = [];
    this._numbers = new Set();
    this._current = null;
  }

  /**
   * Looks at lines that came.
   *
   * @param {import('./lines.js').Line[]} lines
   */
  add(lines) {
    if (this.query) {
      for (const { number, text } of lines) {
        if (plain(text).toLowerCase().includes(this.query)) {
          this.found.push(number);
          this._numbers.add(number);
        }
      }
    }
  }

  /**
   * Forgets lines that are no longer kept.
   *
   * @param {number} first the number of the oldest that is
   */
  drop(first) {
    if (this.found.length && this.found[0] < first) {
      this.found = this.found.filter(number => number >= first);
      this._numbers = new Set(this.found);
    }
  }

  /**
   * Whether the line `number` has it.
   *
   * @param {number} number
   */
  has(number) {
    return this._numbers.has(number);
  }

  /** The place of the current line among those found, from 1; 0 for none. */
  get position() {
    return this._current === null ? 0 : this.found.indexOf(this._current) + 1;
  }

  /**
   * Goes to the next line that has it, or the one before, round at the end. The first step goes to
   * the newest. Null for none.
   *
   * @param {boolean} forward
   */
  step(forward) {
    const { found } = this;
    const current = this._current;
    const next =
      current === null
        ? undefined
        : forward
          ? found.find(number => number > current)
          : found.filter(number => number < current).pop();
    const round =
      forward && current !== null ? found[0] : found[found.length - 1];
    this._current = next ?? round ?? null;
    return this._current;
  }

  /** @type {number | null} The line that was gone to last. */
  _current = null;
  /** @type {Set<number>} */
  _numbers = new Set();
}
