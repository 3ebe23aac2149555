import type { Metric } from '../metrics/views';
import type { IJobError, IJobProgress, IJobVolume } from '../jobs/views';
import type { Spec } from '../views';

/** What is kept of a job that ran, also when the job is gone. */
export interface IRun {
  kind: 'run';
  run: string;
  job: string;
  from_run: string | null;
  owner: string | null;
  /** Who submitted it, as Jupyter says. */
  user: string | null;
  phase: string;
  reason: string;
  message: string;
  created: string | null;
  started: string | null;
  finished: string | null;
  attempt: number;
  spec: Spec;
  image_digest: string | null;
  git: IGitState | null;
  /** Why nothing is known of a repository; empty where that is no wonder. */
  remark: string | null;
  pinned: boolean;
  /** Bytes on disk. */
  size: number;
  /** Whether the run is over and nothing of it is missing. */
  complete: boolean;
  missing: { what: string; why: string }[];
  /** Why the record cannot be written; null where it can. */
  problem: string | null;
  metrics_summary: Record<string, IUsed>;
  volumes: IJobVolume[] | null;
  error: IJobError | null;
  /** How far it came. */
  progress: IJobProgress | null;
  /** The logs that are kept; of a single run only. */
  logs?: { attempt: number; rank: number }[];
}

/** The state of a git repository when a job was submitted. */
export interface IGitState {
  commit: string | null;
  branch: string | null;
  /** Whether something was not committed. */
  dirty: boolean;
  remote: string | null;
}

/** How much a run has used of something. */
export interface IUsed {
  unit: string;
  mean: number;
  max: number;
}

/** A file of a record. */
export interface IRunFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Seconds of the epoch. */
  modified: number;
}

/** What the first node has told of its environment. */
export interface IEnvironment {
  python?: string;
  packages?: Record<string, string>;
  variables?: Record<string, string>;
  [name: string]: unknown;
}

/** A value of each of two runs; null for what one lacks. */
export interface IPair {
  name: string;
  a: unknown;
  b: unknown;
}

/** What differs between two runs. */
export interface IRunComparison {
  a: IRun;
  b: IRun;
  spec: { field: string; a: unknown; b: unknown; differs: boolean }[];
  environment: IPair[];
  packages: IPair[];
  code: {
    file: string;
    /** The index of the cell, from 0; null for a file. */
    cell: number | null;
    change: 'added' | 'removed' | 'changed';
    /** A unified difference. */
    diff: string;
  }[];
  /** The difference between what was not committed. */
  changes: string;
  metrics: { metric: Metric; unit: string; a: IUsed | null; b: IUsed | null }[];
}
