import type { IFailure, IFrame, IRankFailure } from '../jobs/failure/views';

/** The notebook as it was submitted: `call` calls what `define` defines. */
export const SOURCES = {
  define: 'def share(total):\n    return total / 0',
  between: 'import os',
  call: 'for _ in range(2):\n    share(1)'
};

function frame(cell: number, id: keyof typeof SOURCES, lineno: number): IFrame {
  return {
    cell,
    cell_id: id,
    cell_source: SOURCES[id],
    file: `train.ipynb#cell-${cell + 1}-${id}`,
    lineno,
    line: SOURCES[id].split('\n')[lineno - 1],
    name: null
  };
}

/** A rank of the second node that divided by zero. */
export function rankFailure(
  rank: number | null,
  changes: Partial<IRankFailure> = {}
): IRankFailure {
  const { cell, cell_id, cell_source, lineno, line } = frame(0, 'define', 2);
  return {
    rank,
    node_rank: 1,
    node: 'gpu-2',
    pod: 'job-train-1-abcde',
    time: '2026-01-01T00:00:00Z',
    etype: 'ZeroDivisionError',
    message: 'division by zero',
    exit_code: 1,
    reason: null,
    cell,
    cell_id,
    cell_source,
    lineno,
    line,
    frames: [frame(2, 'call', 2), frame(0, 'define', 2)],
    traceback: 'Traceback:\n\u001b[31m  return total / 0\u001b[0m',
    log: { lines: ['step 1', 'Traceback:'], start: -2, at: 1 },
    ...changes
  };
}

/** Why job train failed: its rank 5, which rank 0 followed. */
export function failure(changes: Partial<IFailure> = {}): IFailure {
  return {
    job: 'train',
    run: 'train-01234567',
    attempt: 1,
    phase: 'Failed',
    notebook: 'train.ipynb',
    uid: 'uid-train',
    at: '2026-01-01T00:00:00Z',
    root: rankFailure(5),
    others: [],
    followers: [
      rankFailure(0, {
        etype: 'RuntimeError',
        message: 'Connection closed by peer',
        node: 'gpu-1',
        cell: 2,
        lineno: 2,
        frames: []
      })
    ],
    hints: [
      {
        id: 'zero',
        title: 'A divisor is zero',
        remedy: 'Divide by something else.',
        line: 'ZeroDivisionError: division by zero',
        rank: 5
      }
    ],
    ...changes
  };
}
