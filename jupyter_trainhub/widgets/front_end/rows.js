import { styled } from './ansi.js';
import { make } from './elements.js';
import { say } from './words.js';

/** Milliseconds between two moments at which lines are put on the screen. */
const SHOWN_EVERY = 100;

/** Lines that are put on the screen at once: more would hold the page up. */
const AT_ONCE = 1_000;

/** Lines at once above which a screen reader is not told of them one by one. */
const READ_ALOUD = 8;

/** Pixels from the end at which the newest line counts as seen. */
const NEAR = 24;

/**
 * Lines on the screen. They go along with the newest until they are paused, or the reader scrolls
 * back; what comes meanwhile waits.
 */
export class Rows {
  /**
   * @param {number} capacity how many are kept
   * @param {(number: number) => boolean} isFound which are marked
   * @param {() => void} onChange called when what waits, or whether it does, has changed
   */
  constructor(capacity, isFound, onChange) {
    this._capacity = capacity;
    this._isFound = isFound;
    this._onChange = onChange;
    this.element = make('div', {
      class: 'trainhub-log',
      role: 'log',
      'aria-live': 'polite',
      'aria-label': say('Log'),
      tabindex: 0,
      // Keys move the log here, and do not run the notebook's commands.
      'data-lm-suppress-shortcuts': 'true',
      onscroll: () => this._scrolled(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'End') {
          this.pause(false);
        }
        // Otherwise arrows would leave for the next cell.
        event.stopPropagation();
      }
    });
  }

  get isPaused() {
    return this._isPaused || this._isScrolling;
  }

  /** How many lines wait for the end of the pause. */
  get waiting() {
    return this._waiting.length;
  }

  /** @param {import('./lines.js').Line[]} lines */
  push(lines) {
    for (const line of lines) {
      this._waiting.push(line);
    }
    if (this._waiting.length > 2 * this._capacity) {
      this._waiting = this._waiting.slice(-this._capacity);
    }
    this._soon();
  }

  /**
   * Shows other lines in place of all these.
   *
   * @param {import('./lines.js').Line[]} lines
   * @param {boolean} hasRanks whether each says whose it is
   */
  replace(lines, hasRanks) {
    this.hasRanks = hasRanks;
    this.element.replaceChildren();
    this._waiting = lines;
    this._isScrolling = false;
    this._soon();
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    this._isPaused = isPaused;
    if (!isPaused) {
      this._isScrolling = false;
      this._toEnd();
    }
    this._soon();
  }

  /** Marks the lines that are found now. */
  mark() {
    for (const row of this.element.children) {
      const number = Number(row.getAttribute('data-number'));
      row.toggleAttribute('data-found', this._isFound(number));
      row.removeAttribute('data-current');
    }
  }

  /**
   * Shows one line and stays there.
   *
   * @param {number} number
   */
  goTo(number) {
    this.element
      .querySelector('[data-current]')
      ?.removeAttribute('data-current');
    const row = this.element.querySelector(`[data-number="${number}"]`);
    row?.toggleAttribute('data-current', true);
    // The next lines shall not carry it away.
    this.pause(true);
    row?.scrollIntoView({ block: 'nearest' });
  }

  dispose() {
    clearTimeout(this._timer);
  }

  _soon() {
    this._onChange();
    if (this._timer === undefined && !this.isPaused && this.waiting) {
      this._timer = setTimeout(() => this._flush(), SHOWN_EVERY);
    }
  }

  _flush() {
    this._timer = undefined;
    if (this.isPaused) {
      return;
    }
    // What would be pushed out at once need not be shown.
    const lines = this._waiting.slice(-this._capacity);
    this._waiting = lines.splice(AT_ONCE);
    const { element } = this;
    element.setAttribute(
      'aria-live',
      lines.length > READ_ALOUD ? 'off' : 'polite'
    );
    const fragment = document.createDocumentFragment();
    fragment.append(...lines.map(line => this._row(line)));
    element.append(fragment);
    for (let left = element.childElementCount; left > this._capacity; left--) {
      element.firstElementChild?.remove();
    }
    this._toEnd();
    this._soon();
  }

  /** @param {import('./lines.js').Line} line */
  _row({ number, rank, text }) {
    const row = make('div', { class: 'trainhub-line', 'data-number': number });
    if (rank !== null && this.hasRanks) {
      row.append(make('span', { class: 'trainhub-rank' }, `[${rank}] `));
    }
    if (!text.includes('\u001b')) {
      row.append(text);
    } else {
      for (const part of styled(text)) {
        const span = make('span', {}, part.text);
        span.style.color = part.color ?? '';
        span.style.backgroundColor = part.background ?? '';
        span.style.fontWeight = part.bold ? 'bold' : '';
        span.style.textDecoration = part.underline ? 'underline' : '';
        row.append(span);
      }
    }
    row.toggleAttribute('data-found', this._isFound(number));
    return row;
  }

  _toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  _scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const isScrolling = scrollHeight - scrollTop - clientHeight > NEAR;
    if (isScrolling !== this._isScrolling) {
      this._isScrolling = isScrolling;
      this._soon();
    }
  }

  hasRanks = true;
  _isPaused = false;
  _isScrolling = false;
  /** @type {import('./lines.js').Line[]} */
  _waiting = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  _timer = undefined;
}
