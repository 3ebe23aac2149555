import { button, make } from './elements.js';
import { Ring } from './lines.js';
import { Rows } from './rows.js';
import { Search } from './search.js';
import { say } from './words.js';

/** Lines that are kept; the whole log can be downloaded. */
const CAPACITY = 20_000;

/** A log while it is written, with what finds something in it. */
export class LogPane {
  /**
   * @param {object} options
   * @param {number | null} options.rank whose lines are shown first; all for null
   * @param {(rank: number | null) => unknown} options.download
   * @param {() => void} options.readAll called when lines that are not here are asked for
   */
  constructor({ rank, download, readAll }) {
    this.ring = new Ring(CAPACITY);
    this._rank = rank;
    this._search = new Search();
    this._rows = new Rows(
      CAPACITY,
      number => this._search.has(number),
      () => this._tell()
    );
    this._ranks = make('select', {
      'aria-label': say('Ranks'),
      onchange: () => {
        const { value } = this._ranks;
        this._rank = value === '' ? null : Number(value);
        this._again();
      }
    });
    this._query = make('input', {
      type: 'search',
      placeholder: say('Search the log'),
      'aria-label': say('Search the log'),
      oninput: () => this._find(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        event.stopPropagation();
        if (event.key === 'Enter') {
          this._step(event.shiftKey);
        }
      }
    });
    this._count = make('span', { role: 'status' });
    this._pause = button('', () => this._rows.pause(!this._rows.isPaused));
    this._left = make('div', { class: 'trainhub-left' });
    this._readAll = button(say('Read them'), readAll);
    this.element = make(
      'div',
      { class: 'trainhub-logPane' },
      make(
        'div',
        { class: 'trainhub-bar', role: 'toolbar', 'aria-label': say('Log') },
        this._ranks,
        this._query,
        stepper('↑', say('Older match'), () => this._step(false)),
        stepper('↓', say('Newer match'), () => this._step(true)),
        this._count,
        make('span', { class: 'trainhub-gap' }),
        wrapper(this._rows.element),
        this._pause,
        button(say('Download'), () => download(this._rank))
      ),
      this._left,
      this._rows.element
    );
    this._offerRanks();
    this._again();
  }

  get isPaused() {
    return this._rows.isPaused;
  }

  /**
   * Adds lines, the first of which has the number `first`.
   *
   * @param {number} first
   * @param {string[]} raw
   */
  push(first, raw) {
    const ranks = this.ring.ranks.size;
    const fresh = this.ring
      .push(first, raw)
      .filter(line => this._rank === null || line.rank === this._rank);
    if (this.ring.ranks.size !== ranks) {
      this._offerRanks();
    }
    this._search.add(fresh);
    this._search.drop(this.ring.first);
    this._rows.push(fresh);
  }

  /**
   * Shows a log anew, of which these are the last lines.
   *
   * @param {number} first
   * @param {string[]} raw
   */
  replace(first, raw) {
    this.ring.clear();
    this.ring.push(first, raw);
    this._offerRanks();
    this._again();
  }

  dispose() {
    this._rows.dispose();
  }

  /** Puts everything on the screen anew. */
  _again() {
    this._search.clear(this._query.value.trim());
    this._search.add(this.ring.of(this._rank));
    this._rows.replace(this.ring.of(this._rank), this._rank === null);
  }

  _find() {
    this._search.clear(this._query.value.trim());
    this._search.add(this.ring.of(this._rank));
    this._rows.mark();
    this._tell();
  }

  /** @param {boolean} forward */
  _step(forward) {
    const number = this._search.step(forward);
    if (number !== null) {
      this._rows.goTo(number);
    }
    this._tell();
  }

  _offerRanks() {
    const ranks = [...this.ring.ranks].sort((a, b) => a - b);
    const offered = this._rank === null ? ranks : [this._rank, ...ranks];
    this._ranks.replaceChildren(
      make('option', { value: '' }, say('All ranks')),
      ...[...new Set(offered)].map(rank =>
        make('option', { value: rank }, say('Rank %1', rank))
      )
    );
    this._ranks.value = String(this._rank ?? '');
    this._ranks.hidden = offered.length < 2;
  }

  /** Tells how the log stands: matches, what waits, what is not here. */
  _tell() {
    const { found, position, query } = this._search;
    this._count.textContent = query
      ? say('%1 of %2', position, found.length)
      : '';
    const { isPaused, waiting } = this._rows;
    this._pause.textContent = !isPaused
      ? say('Pause')
      : waiting
        ? say('Resume (%1 new)', waiting)
        : say('Resume');
    this._pause.setAttribute('aria-pressed', String(isPaused));
    const { missing } = this.ring;
    this._left.hidden = missing === 0;
    if (missing) {
      const told = say('%1 earlier lines are not shown.', missing);
      this._left.replaceChildren(told, ' ', this._readAll);
    }
  }
}

/**
 * @param {string} sign
 * @param {string} title
 * @param {() => void} step
 */
function stepper(sign, title, step) {
  return button(sign, step, { title, 'aria-label': title });
}

/** @param {HTMLElement} rows */
function wrapper(rows) {
  const box = make('input', {
    type: 'checkbox',
    onchange: () => rows.toggleAttribute('data-wrap', box.checked)
  });
  return make('label', {}, box, say('Wrap'));
}
