/** One line of a job's log. */
export interface ILogLine {
  /** The rank of the pod that wrote it; null when the line does not say. */
  rank: number | null;
  /** The text, with its ANSI sequences. */
  text: string;
}

const PREFIX = /^\[(\d+)\] ?/;

/** Takes a line of the log of all pods apart: `[1] epoch 2/10` was written by rank 1. */
export function parseLine(raw: string): ILogLine {
  const match = PREFIX.exec(raw);
  const text = lastState(match ? raw.slice(match[0].length) : raw);
  return { rank: match ? Number(match[1]) : null, text };
}

/** What a terminal would show in the end of a line that carriage returns write over again. */
function lastState(text: string): string {
  const states = text.split('\r').filter(state => state !== '');
  return states.length ? states[states.length - 1] : '';
}

/** Cuts a stream of bytes into lines, whatever the chunks it arrives in. */
export class LineSplitter {
  /** The lines that `chunk` completes. */
  push(chunk: Uint8Array): string[] {
    const lines = (
      this._rest + this._decoder.decode(chunk, { stream: true })
    ).split('\n');
    this._rest = lines.pop() ?? '';
    return lines;
  }

  /** The last line, if the stream ended without a line break. */
  end(): string[] {
    const rest = this._rest + this._decoder.decode();
    this._rest = '';
    return rest ? [rest] : [];
  }

  private readonly _decoder = new TextDecoder();
  private _rest = '';
}
