import { styled } from './ansi.js';
import { button, make } from './elements.js';
import { Ring } from './lines.js';
import { Search } from './search.js';
import { say } from './words.js';

/** Lines that are kept; the whole log can be downloaded. */
const CAPACITY = 20_000;

/** Milliseconds between two moments at which lines are put on the screen. */
const SHOWN_EVERY = 100;

/** Lines that are put on the screen at once: more would hold the page up. */
const AT_ONCE = 1_000;

/** Lines at once above which a screen reader is told of their number only. */
const READ_ALOUD = 8;

/** Pixels from the end at which the newest line counts as seen. */
const NEAR = 24;

/**
 * A log while it is written. It goes along with the newest lines until it is paused, by its button
 * or by scrolling back; what comes meanwhile waits.
 */
export class LogPane {
  /**
   * @param {object} options
   * @param {(rank: number | null) => void} options.download
   * @param {() => void} options.readAll called when lines that are not here are asked for
   */
  constructor({ download, readAll }) {
    this.ring = new Ring(CAPACITY);
    this._search = new Search();
    /** @type {number | null} */
    this._rank = null;
    /** @type {import('./lines.js').Line[]} */
    this._waiting = [];
    this._isPaused = false;
    this._isScrolling = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._timer = undefined;

    this._rows = make('div', {
      class: 'trainhub-log',
      role: 'log',
      'aria-live': 'polite',
      'aria-label': say('Log'),
      tabindex: 0,
      // Keys move the log here, and do not run the notebook's commands.
      'data-lm-suppress-shortcuts': 'true',
      onscroll: () => this._scrolled(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this._pressed(event)
    });
    this._ranks = make(
      'select',
      {
        'aria-label': say('Ranks'),
        onchange: () => {
          this._rank = this._ranks.value === '' ? null : Number(this._ranks.value);
          this._again();
        }
      },
      make('option', { value: '' }, say('All ranks'))
    );
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
    this._count = make('span', { class: 'trainhub-count', role: 'status' });
    this._pause = make(
      'button',
      { type: 'button', class: 'trainhub-button', onclick: () => this._setPaused(!this.isPaused) },
      say('Pause')
    );
    this._left = make('div', { class: 'trainhub-left', hidden: true });
    this._readAll = button(say('Read them'), readAll);
    this.element = make(
      'div',
      { class: 'trainhub-logPane' },
      make(
        'div',
        { class: 'trainhub-bar', role: 'toolbar', 'aria-label': say('Log') },
        this._ranks,
        this._query,
        make(
          'button',
          {
            type: 'button',
            class: 'trainhub-button',
            title: say('Older match'),
            'aria-label': say('Older match'),
            onclick: () => this._step(false)
          },
          '↑'
        ),
        make(
          'button',
          {
            type: 'button',
            class: 'trainhub-button',
            title: say('Newer match'),
            'aria-label': say('Newer match'),
            onclick: () => this._step(true)
          },
          '↓'
        ),
        this._count,
        make('span', { class: 'trainhub-gap' }),
        make(
          'label',
          {},
          make('input', {
            type: 'checkbox',
            onchange: (/** @type {Event} */ event) =>
              this._rows.toggleAttribute(
                'data-wrap',
                /** @type {HTMLInputElement} */ (event.target).checked
              )
          }),
          say('Wrap')
        ),
        this._pause,
        button(say('Download'), () => download(this._rank))
      ),
      this._left,
      this._rows
    );
  }

  get isPaused() {
    return this._isPaused || this._isScrolling;
  }

  /**
   * Adds lines, the first of which has the number `first`.
   *
   * @param {number} first
   * @param {string[]} raw
   */
  push(first, raw) {
    const ranks = this.ring.ranks.size;
    const fresh = this.ring.push(first, raw);
    if (this.ring.ranks.size !== ranks) {
      this._offerRanks();
    }
    this._search.add(fresh.filter(line => this._isChosen(line)));
    this._waiting.push(...fresh.filter(line => this._isChosen(line)));
    this._soon();
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
    clearTimeout(this._timer);
  }

  /** @param {import('./lines.js').Line} line */
  _isChosen(line) {
    return this._rank === null || line.rank === this._rank;
  }

  /** Puts everything on the screen anew. */
  _again() {
    const lines = this.ring.of(this._rank);
    this._rows.replaceChildren();
    this._waiting = lines;
    this._search.clear(this._query.value.trim());
    this._search.add(lines);
    this._soon();
  }

  _soon() {
    this._told();
    if (this._timer === undefined && !this.isPaused) {
      this._timer = setTimeout(() => this._flush(), SHOWN_EVERY);
    }
  }

  _flush() {
    this._timer = undefined;
    if (this.isPaused) {
      return;
    }
    const rows = this._rows;
    // Of what was never on the screen and is no longer kept, nothing can be shown.
    const oldest = this.ring.next - this.ring.size;
    if (this._waiting.length > this.ring.size) {
      this._waiting = this._waiting.slice(-this.ring.size);
    }
    const lines = this._waiting.splice(0, AT_ONCE);
    rows.setAttribute('aria-live', lines.length > READ_ALOUD ? 'off' : 'polite');
    const fragment = document.createDocumentFragment();
    for (const line of lines) {
      fragment.append(this._row(line));
    }
    rows.append(fragment);
    let surplus = rows.childElementCount - CAPACITY;
    for (; surplus > 0; surplus -= 1) {
      rows.firstElementChild?.remove();
    }
    this._search.drop(oldest);
    this._toEnd();
    if (this._waiting.length) {
      this._soon();
    }
    this._told();
  }

  /** @param {import('./lines.js').Line} line */
  _row({ number, rank, text }) {
    const row = make('div', { class: 'trainhub-line', 'data-number': number });
    if (rank !== null && this._rank === null) {
      row.append(make('span', { class: 'trainhub-rank' }, `[${rank}] `));
    }
    if (text.includes('\u001b')) {
      for (const part of styled(text)) {
        const span = make('span', { class: part.classes.join(' ') || null }, part.text);
        span.style.color = part.color ?? '';
        span.style.backgroundColor = part.background ?? '';
        row.append(span);
      }
    } else {
      row.append(text);
    }
    row.toggleAttribute('data-found', this._search.has(number));
    return row;
  }

  _toEnd() {
    this._end = this._rows.scrollTop = this._rows.scrollHeight;
  }

  _scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this._rows;
    const isScrolling = scrollHeight - scrollTop - clientHeight > NEAR;
    if (isScrolling !== this._isScrolling) {
      this._isScrolling = isScrolling;
      this._soon();
    }
  }

  /** @param {boolean} isPaused */
  _setPaused(isPaused) {
    this._isPaused = isPaused;
    if (!isPaused) {
      this._isScrolling = false;
      this._toEnd();
    }
    this._soon();
  }

  /** @param {KeyboardEvent} event */
  _pressed(event) {
    if (event.key === 'End') {
      this._setPaused(false);
    } else if (event.key === '/') {
      event.preventDefault();
      this._query.focus();
    }
    // Otherwise arrows would leave for the next cell.
    event.stopPropagation();
  }

  _find() {
    this._search.clear(this._query.value.trim());
    this._search.add(this.ring.of(this._rank));
    for (const row of this._rows.children) {
      row.toggleAttribute('data-found', this._search.has(Number(row.getAttribute('data-number'))));
      row.removeAttribute('data-current');
    }
    this._told();
  }

  /** @param {boolean} forward */
  _step(forward) {
    const number = this._search.step(forward);
    this._rows.querySelector('[data-current]')?.removeAttribute('data-current');
    if (number !== null) {
      const row = this._rows.querySelector(`[data-number="${number}"]`);
      row?.toggleAttribute('data-current', true);
      // The next lines shall not carry it away.
      this._isPaused = true;
      row?.scrollIntoView({ block: 'nearest' });
    }
    this._told();
  }

  _offerRanks() {
    const chosen = this._ranks.value;
    const ranks = [...this.ring.ranks].sort((a, b) => a - b);
    this._ranks.replaceChildren(
      make('option', { value: '' }, say('All ranks')),
      ...ranks.map(rank => make('option', { value: rank }, say('Rank %1', rank)))
    );
    this._ranks.value = chosen;
    this._ranks.hidden = ranks.length < 2;
  }

  /** Tells how the log stands: matches, what waits, what is not here. */
  _told() {
    const { found, position, query } = this._search;
    this._count.textContent = query ? say('%1 of %2', position, found.length) : '';
    const waiting = this._waiting.length;
    this._pause.textContent = !this.isPaused
      ? say('Pause')
      : waiting
        ? say('Resume (%1 new)', waiting)
        : say('Resume');
    this._pause.setAttribute('aria-pressed', String(this.isPaused));
    const { missing } = this.ring;
    this._left.hidden = missing === 0;
    if (missing) {
      this._left.replaceChildren(say('%1 earlier lines are not shown.', missing), ' ', this._readAll);
    }
  }
}
