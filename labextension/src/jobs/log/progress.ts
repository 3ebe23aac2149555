/** How far a program says it has come. */
export interface IProgress {
  /** The outermost counter: passes over the data. */
  epoch: ICounter | null;
  /** The innermost counter: steps within a pass, or of the whole. */
  step: ICounter | null;
}

export interface ICounter {
  done: number;
  total: number;
}

const EPOCH = /\bepochs?\b[^0-9/]{0,4}(\d+)\s*(?:\/|of)\s*(\d+)/i;
const STEP =
  /\b(?:global[ _]?steps?|steps?|iterations?|iters?|batch(?:es)?)\b[^0-9/]{0,4}(\d+)\s*(?:\/|of)\s*(\d+)/i;

/** The bar of tqdm: `40%|####      | 40/100 [00:05<00:08,  7.2it/s]`. */
const BAR = /\d+%\|.*?\|\s*(\d+)\/(\d+)\s*\[/;

/** Characters of a line that are looked at: a program may write a million digits in one. */
const LONGEST = 1000;

/** What a log's line says of progress, such as `epoch 3/10` or `step 40/100`; null if nothing. */
export function parseProgress(text: string): IProgress | null {
  const line = text.slice(0, LONGEST);
  const epoch = counter(EPOCH.exec(line));
  const step = counter(STEP.exec(line) ?? BAR.exec(line));
  return epoch || step ? { epoch, step } : null;
}

/**
 * What is known after a further line. A new epoch forgets the steps of the one before; steps keep
 * the epoch that they belong to.
 */
export function advance(known: IProgress | null, line: IProgress): IProgress {
  return line.epoch ? line : { epoch: known?.epoch ?? null, step: line.step };
}

/** Progress as a number from 0 to 1. */
export function fraction({ epoch, step }: IProgress): number {
  if (epoch && step) {
    // While its steps are being counted, the epoch that is named is not done yet.
    return (epoch.done - 1 + step.done / step.total) / epoch.total;
  }
  const only = epoch ?? step;
  return only ? only.done / only.total : 0;
}

function counter(match: RegExpExecArray | null): ICounter | null {
  if (!match) {
    return null;
  }
  const done = Number(match[1]);
  const total = Number(match[2]);
  return total > 0 && done <= total ? { done, total } : null;
}
