import { parseAnsi } from './ansi';
import type { LogBuffer, INumberedLine } from './buffer';

/**
 * Writes lines of a log into an element. The lines are added to the document in one piece for each
 * call, and those that the buffer dropped are taken out of it, so that an endless log costs no
 * more than a full buffer.
 */
export class LogRenderer {
  constructor(private readonly _host: HTMLElement) {}

  /** Shows lines that came since the last call; all of them after {@link reset}. */
  append(buffer: LogBuffer): void {
    const fragment = document.createDocumentFragment();
    for (const line of buffer.from(this._next)) {
      if (this._rank === null || line.rank === this._rank) {
        fragment.append(renderLine(line));
      }
    }
    this._next = buffer.total;
    this._host.append(fragment);
    this._removeBefore(buffer.dropped);
  }

  /** Empties the element. From then on only lines of `rank` are shown; of all when it is null. */
  reset(rank: number | null): void {
    this._host.replaceChildren();
    this._rank = rank;
    this._next = 0;
  }

  private _removeBefore(number: number): void {
    let first = this._host.firstElementChild as HTMLElement | null;
    while (first && Number(first.dataset.number) < number) {
      first.remove();
      first = this._host.firstElementChild as HTMLElement | null;
    }
  }

  private _next = 0;
  private _rank: number | null = null;
}

function renderLine({ rank, text, number }: INumberedLine): HTMLElement {
  const line = document.createElement('div');
  line.className = 'jp-TrainHub-logLine';
  line.dataset.number = String(number);
  if (rank !== null) {
    const label = document.createElement('span');
    label.className = 'jp-TrainHub-logRank';
    label.textContent = `[${rank}] `;
    line.dataset.rank = String(rank);
    line.append(label);
  }
  for (const part of parseAnsi(text)) {
    const span = document.createElement('span');
    span.className = part.classes.join(' ');
    span.textContent = part.text;
    span.style.color = part.color ?? '';
    span.style.backgroundColor = part.background ?? '';
    line.append(span);
  }
  // A line break, so that what is selected and copied has its lines.
  line.append('\n');
  return line;
}
