import { parseAnsi } from './ansi';
import type { INumberedLine, LogBuffer } from './buffer';
import { isError } from './line';

/** Lines that are added at once. */
const PAGE = 500;

/** The most lines in the document: a log can be longer than a browser can lay out. */
const MOST = 2_000;

/** Shows a part of a buffer in an element: its end, or what the reader has scrolled to. */
export class LogWindow {
  constructor(
    private readonly _host: HTMLElement,
    private readonly _buffer: LogBuffer
  ) {
    _host.replaceChildren();
    this.toEnd();
  }

  /** Whether the last line of the buffer is shown. */
  get isAtEnd(): boolean {
    return this._end === this._buffer.total;
  }

  /** Shows the end of the buffer. Costs no more than a page however much has come. */
  toEnd(): void {
    const { total } = this._buffer;
    if (this._end > total || total - this._end > PAGE) {
      this._show(total - PAGE, total);
    } else {
      this._append(total);
    }
  }

  /** Shows the line `number` with those around it; returns its element while it is kept. */
  reveal(number: number): HTMLElement | null {
    if (number < this._first || number >= this._end) {
      this._show(number - PAGE / 2, number + PAGE / 2);
    }
    return this._host.querySelector(`[data-number="${number}"]`);
  }

  /** Adds a page before what is shown; returns whether there was anything to add. */
  earlier(): boolean {
    const from = Math.max(this._first - PAGE, this._buffer.dropped);
    if (from >= this._first) {
      return false;
    }
    this._host.prepend(this._render(from, this._first));
    this._first = from;
    while (this._host.childElementCount > MOST) {
      this._host.lastElementChild?.remove();
    }
    this._end = numberOf(this._host.lastElementChild) + 1;
    return true;
  }

  /** Adds a page behind what is shown. */
  later(): void {
    this._append(Math.min(this._end + PAGE, this._buffer.total));
  }

  /** Marks the lines for which `isMatch` holds. */
  mark(isMatch: (number: number) => boolean, current: number | null): void {
    for (const line of this._host.children) {
      const number = numberOf(line);
      line.classList.toggle('jp-mod-match', isMatch(number));
      line.classList.toggle('jp-mod-current', number === current);
    }
  }

  private _show(first: number, end: number): void {
    this._first = Math.max(first, this._buffer.dropped);
    this._end = Math.min(end, this._buffer.total);
    this._host.replaceChildren(this._render(this._first, this._end));
  }

  private _append(end: number): void {
    this._host.append(this._render(this._end, end));
    this._end = end;
    while (this._host.childElementCount > MOST) {
      this._host.firstElementChild?.remove();
    }
    this._first = numberOf(this._host.firstElementChild);
  }

  private _render(first: number, end: number): DocumentFragment {
    const fragment = document.createDocumentFragment();
    for (const line of this._buffer.from(first, end)) {
      fragment.append(renderLine(line));
    }
    return fragment;
  }

  // Numbers of the lines that are shown.
  private _first = 0;
  private _end = 0;
}

function numberOf(line: Element | null): number {
  return Number((line as HTMLElement | null)?.dataset.number ?? 0);
}

function renderLine(line: INumberedLine): HTMLElement {
  const { rank, time, number } = line;
  const element = document.createElement('div');
  element.className = 'jp-TrainHub-logLine';
  element.classList.toggle('jp-mod-error', isError(line));
  element.dataset.number = String(number);
  if (rank !== null) {
    element.dataset.rank = String(rank);
    element.append(label('jp-TrainHub-logRank', `[${rank}] `));
  }
  if (time !== null) {
    element.append(label('jp-TrainHub-logTime', `${time} `));
  }
  for (const part of parseAnsi(line.text)) {
    const span = document.createElement('span');
    span.className = part.classes.join(' ');
    span.textContent = part.text;
    span.style.color = part.color ?? '';
    span.style.backgroundColor = part.background ?? '';
    element.append(span);
  }
  // A line break, so that what is selected and copied has its lines.
  element.append('\n');
  return element;
}

function label(className: string, text: string): HTMLElement {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
}
