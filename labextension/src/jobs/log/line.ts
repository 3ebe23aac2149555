/** One line of a job's log. */
export interface ILogLine {
  /** The rank of the pod that wrote it; null when the line does not say. */
  rank: number | null;
  /** When it was written, ISO 8601 in UTC; null when that is not known. */
  time: string | null;
  /** The text, with its ANSI sequences. */
  text: string;
}

const PREFIX = /^\[(\d+)\] ?/;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d*Z ?/;

/** What tells of something that went wrong, as Python and its loggers, Gloo and NCCL write it. */
const ERROR =
  /^Traceback \(most recent call last\)|\b(?:ERROR|CRITICAL|FATAL|NCCL WARN)\b|(?:^|\s|\.)[A-Z]\w*(?:Error|Exception|Exit|Interrupt)(?::|$)/;

/** The control sequences of a terminal. */
const CONTROL =
  // eslint-disable-next-line no-control-regex
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

/** Takes a line of the log of all pods apart: `[1] 2026-11-22T02:00:00.123456789Z epoch 2/10`. */
export function parseLine(raw: string): ILogLine {
  const rank = PREFIX.exec(raw);
  const stamped = rank ? raw.slice(rank[0].length) : raw;
  const time = TIME.exec(stamped);
  return {
    rank: rank ? Number(rank[1]) : null,
    time: time ? `${time[1]}Z` : null,
    text: lastState(time ? stamped.slice(time[0].length) : stamped)
  };
}

/** The text of a line as it is read, without colours. */
export function plainText({ text }: ILogLine): string {
  return text.includes('\u001b') ? text.replace(CONTROL, '') : text;
}

/** Whether a line tells of something that went wrong. */
export function isError(line: ILogLine): boolean {
  return ERROR.test(plainText(line));
}

/** What a terminal would show in the end of a line that carriage returns write over again. */
function lastState(text: string): string {
  if (!text.includes('\r')) {
    return text;
  }
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
