/** Why an attempt of a job failed: the rank that began it, and those that only followed. */
export interface IFailure {
  job: string;
  run: string | null;
  attempt: number;
  phase: string;
  /** Path of the notebook as the contents API names it; null for a command. */
  notebook: string | null;
  /** Of the job, which tells it from another one of the same name. */
  uid: string;
  at: string | null;
  /** Null where nothing failed, or nothing is known of it. */
  root: IRankFailure | null;
  /** Those that failed on their own, later. */
  others: IRankFailure[];
  /** Those that failed because the root did. */
  followers: IRankFailure[];
  /** The most telling one first. */
  hints: IHint[];
}

/** Where something was, in the notebook as it was submitted or in a file. */
export interface IPlace {
  /** The index of the cell among all cells of the notebook, from 0; null for none. */
  cell: number | null;
  cell_id: string | null;
  /** The cell as it was submitted; absent where it is not known. */
  cell_source?: string | null;
  /** The line within the cell or the file, from 1. */
  lineno: number | null;
  /** That line. */
  line: string | null;
}

/** One call on the way to an error, in a cell or in a file that was sent along. */
export interface IFrame extends IPlace {
  file: string;
  name: string | null;
}

/** How one rank failed. */
export interface IRankFailure extends IPlace {
  /** The rank in the training; null where it is not known. */
  rank: number | null;
  /** The index of its pod. */
  node_rank: number | null;
  node: string | null;
  pod: string | null;
  time: string | null;
  /** The class of the exception; null where the process ended without one. */
  etype: string | null;
  message: string | null;
  exit_code: number | null;
  reason: string | null;
  /** Outermost first. */
  frames: IFrame[];
  traceback: string | null;
  /** The log around it; `at` is the index in `lines` of the line where it failed. */
  log: { lines: string[]; start: number; at: number | null } | null;
}

/** What the log of a job tells those who know it. */
export interface IHint {
  id: string;
  title: string;
  remedy: string | null;
  /** The line of the log that it is known by. */
  line: string | null;
  rank: number | null;
}
