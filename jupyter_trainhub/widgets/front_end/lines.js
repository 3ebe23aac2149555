/**
 * A line of a job's log. `rank` is null when the line does not say which pod wrote it.
 *
 * @typedef {{number: number, rank: number | null, text: string}} Line
 */

/**
 * Takes `[1] epoch 2/10` apart.
 *
 * @param {string} raw
 * @param {number} number
 * @returns {Line}
 */
export function parseLine(raw, number) {
  const prefix = /^\[(\d+)\] ?/.exec(raw);
  return {
    number,
    rank: prefix ? Number(prefix[1]) : null,
    text: lastState(prefix ? raw.slice(prefix[0].length) : raw)
  };
}

/**
 * What a terminal shows in the end of a line that carriage returns write over again.
 *
 * @param {string} text
 */
function lastState(text) {
  return text.includes('\r')
    ? (text.split('\r').filter(Boolean).pop() ?? '')
    : text;
}

/** The last lines of a log that may be endless. */
export class Ring {
  /** @param {number} capacity how many lines are kept */
  constructor(capacity) {
    this._capacity = capacity;
  }

  /** The ranks that have lines. */
  ranks = /** @type {Set<number>} */ (new Set());

  clear() {
    this._lines = [];
    this._begin = 0;
    this.ranks = new Set();
  }

  /** The number of the oldest line that is kept. */
  get first() {
    return this._lines[this._begin]?.number ?? 0;
  }

  /** The number of the line that comes next. */
  get next() {
    return (this._lines[this._lines.length - 1]?.number ?? -1) + 1;
  }

  /** How many lines of the whole log are not here. */
  get missing() {
    return this.next - (this._lines.length - this._begin);
  }

  /**
   * Adds lines, the first of which has the number `first`; those that are here already are left
   * out. Returns what was added.
   *
   * @param {number} first
   * @param {string[]} raw
   * @returns {Line[]}
   */
  push(first, raw) {
    const known = Math.max(0, this.next - first);
    const fresh = raw
      .slice(known)
      .map((text, at) => parseLine(text, first + known + at));
    for (const line of fresh) {
      this._lines.push(line);
      if (line.rank !== null) {
        this.ranks.add(line.rank);
      }
    }
    this._begin = Math.max(this._begin, this._lines.length - this._capacity);
    if (this._begin > this._capacity) {
      this._lines = this._lines.slice(this._begin);
      this._begin = 0;
    }
    return fresh;
  }

  /**
   * The kept lines, oldest first.
   *
   * @param {number | null} rank of one rank; of all for null
   * @returns {Line[]}
   */
  of(rank) {
    const kept = this._lines.slice(this._begin);
    return rank === null ? kept : kept.filter(line => line.rank === rank);
  }

  /** @type {Line[]} */
  _lines = [];
  _begin = 0;
}
