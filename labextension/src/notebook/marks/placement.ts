import type { IFailure, IPlace, IRankFailure } from '../../jobs/failure/views';
import { isInterrupted } from '../../jobs/failure/words';

/** A cell of the notebook as it is now. */
export interface INotebookCell {
  id: string;
  source: string;
  isCode: boolean;
}

/** Something that a failure says of one cell. */
export interface IMark {
  failure: IFailure;
  rank: IRankFailure;
  /** Whether the error arose here; else it called what failed, or was here when it was ended. */
  isRaised: boolean;
  /** The lines, from 1, in the order of the calls. */
  lines: number[];
  /** Whether the cell is another one than was submitted, so that lines mean nothing. */
  isChanged: boolean;
  /** The cell as it was submitted; null where that is not known. */
  submitted: string | null;
  /** The ranks that failed here in the same way. */
  also: IRankFailure[];
}

/** What failures say of the cells of a notebook. */
export interface IPlacement {
  /** By the id of the cell. */
  marks: Map<string, IMark[]>;
  /** What failed in cells that are not there any more. */
  lost: IMark[];
}

/** Finds the cells that failures are about, wherever they are in the notebook by now. */
export function placeFailures(
  failures: readonly IFailure[],
  cells: readonly INotebookCell[]
): IPlacement {
  const placement: IPlacement = { marks: new Map(), lost: [] };
  for (const failure of failures) {
    const { root, others } = failure;
    for (const [rank, ...also] of alike(root ? [root, ...others] : others)) {
      placeRank(failure, rank, also, cells, placement);
    }
  }
  return placement;
}

function placeRank(
  failure: IFailure,
  rank: IRankFailure,
  also: IRankFailure[],
  cells: readonly INotebookCell[],
  { marks, lost }: IPlacement
): void {
  const cell = findCell(rank, cells);
  const isRaised = !isInterrupted(rank);
  const own = { ...markOf(failure, rank, rank, cell, isRaised), also };
  const placed = new Map<string, IMark>();
  if (cell) {
    placed.set(cell.id, own);
  } else if (rank.cell !== null && isRaised) {
    lost.push(own);
  }
  for (const frame of isRaised ? rank.frames : []) {
    const cell = findCell(frame, cells);
    if (!cell) {
      continue;
    }
    const mark = placed.get(cell.id);
    if (!mark) {
      placed.set(cell.id, markOf(failure, rank, frame, cell, false));
    } else if (frame.lineno !== null && !mark.lines.includes(frame.lineno)) {
      mark.lines.push(frame.lineno);
    }
  }
  for (const [id, mark] of placed) {
    marks.set(id, [...(marks.get(id) ?? []), mark]);
  }
}

function markOf(
  failure: IFailure,
  rank: IRankFailure,
  place: IPlace,
  cell: INotebookCell | null,
  isRaised: boolean
): IMark {
  return {
    failure,
    rank,
    isRaised,
    lines: place.lineno === null ? [] : [place.lineno],
    isChanged: cell !== null && !isUnchanged(place, cell),
    submitted: place.cell_source ?? null,
    also: []
  };
}

/** Ranks that failed in the same way at the same place, together; the first of each leads. */
function alike(ranks: readonly IRankFailure[]): IRankFailure[][] {
  const groups = new Map<string, IRankFailure[]>();
  for (const rank of ranks) {
    const { cell, cell_id, lineno, etype } = rank;
    const key = JSON.stringify([cell, cell_id, lineno, etype]);
    groups.set(key, [...(groups.get(key) ?? []), rank]);
  }
  return [...groups.values()];
}

/**
 * The cell that a place is in: the one with its id; without one, the nearest with its source; else
 * one that is much the same, where it was, or anywhere if cells had no ids when it was submitted.
 * Null where the cell is gone.
 */
export function findCell(
  { cell: index, cell_id, cell_source: source }: IPlace,
  cells: readonly INotebookCell[]
): INotebookCell | null {
  const named = cells.find(({ id }) => id === cell_id);
  // A cell that was not saved when it ran has an id, but no index.
  if (named || typeof source !== 'string' || index === null) {
    return named ?? null;
  }
  const distance = (cell: INotebookCell): number =>
    Math.abs(cells.indexOf(cell) - index);
  const near = cells
    .filter(({ isCode }) => isCode)
    .sort((a, b) => distance(a) - distance(b));
  // The planner numbers cells that have no ids.
  const hadId = cell_id !== null && cell_id !== String(index + 1);
  return (
    near.find(cell => isSame(cell.source, source)) ??
    near.find(
      cell => resembles(cell.source, source) && !(hadId && distance(cell) > 0)
    ) ??
    null
  );
}

function isUnchanged(place: IPlace, cell: INotebookCell): boolean {
  const { cell_source: source, lineno, line } = place;
  if (typeof source === 'string') {
    return cell.isCode && isSame(cell.source, source);
  }
  const now = cell.source.split('\n')[(lineno ?? 0) - 1];
  return cell.isCode && now !== undefined && now.trim() === line?.trim();
}

/** Whether two sources are the same program: blanks at the end of it do not count. */
function isSame(a: string, b: string): boolean {
  return a.trimEnd() === b.trimEnd();
}

/** Whether at least half of the lines of `submitted` are in `source`. */
function resembles(source: string, submitted: string): boolean {
  const linesOf = (text: string): string[] =>
    text
      .split('\n')
      .map(line => line.trim())
      .filter(Boolean);
  const now = new Set(linesOf(source));
  const then = linesOf(submitted);
  return then.filter(line => now.has(line)).length * 2 >= then.length;
}
