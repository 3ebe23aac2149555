import type { IExplained, ISsh, Spec } from '../views';

/** A training job. The newest of its attempts is the job. */
export interface IJob extends IExplained {
  kind: 'job';
  name: string;
  phase: JobPhase;
  framework: string;
  /** What of the cluster runs it, such as `plain` or `pytorchjob`. */
  backend: string;
  nodes: number;
  category: string;
  project: string;
  /** From 1 to 9, of which 9 goes first; null where none was asked for. */
  priority: number | null;
  description: string;
  virtual_cluster: string | null;
  /** SKUs for each node; counts in a virtual cluster only. */
  skus: number;
  /** Whether its pods can be entered by SSH. */
  ssh: boolean;
  pinned: boolean;
  /** The name of its run record. */
  run: string | null;
  /** The run that this one was submitted again from. */
  from_run: string | null;
  /** Which attempt this is, from 1, of how many. */
  attempt: number;
  attempts: number;
  /** Whether another attempt follows a failure: `off` after a stop. */
  restart: 'off' | 'waiting' | null;
  /** Seconds. */
  estimated_time: number | null;
  time_limit: number | null;
  created: string | null;
  started: string | null;
  finished: string | null;
  owner: string | null;
  spec: Spec;
  uid: string;
  /** Oldest first. */
  history: ITransition[];
  volumes: IJobVolume[];
  /** The pods of the newest attempt. */
  pods: IJobPod[];
  earlier: IAttempt[];
  /** The first exception that a rank reported. */
  error: IJobError | null;
  /** How far it is, as its log tells; null where that says nothing. */
  progress: IJobProgress | null;
  /** Where it writes what TensorBoard shows, as its pods see it. */
  log_folders: string[];
  /** What was not done of what was asked for, in the answer to a request. */
  warning?: string | null;
}

export type JobPhase =
  | 'Suspended'
  | 'Pending'
  | 'Starting'
  | 'Running'
  | 'Succeeded'
  | 'Failed'
  | 'Stopping'
  | 'Stopped';

/** A change of a job's phase. */
export interface ITransition {
  phase: string;
  at: string | null;
  reason: string | null;
  message: string | null;
  attempt: number;
}

/** A folder of a job that outlives it. */
export interface IJobVolume {
  role: 'checkpoint' | 'model';
  path: string;
  claim: string;
  /** Bytes. */
  size: number | null;
}

/** One pod of a job; its rank is the index of the node in the job. */
export interface IJobPod {
  name: string;
  rank: number;
  role: string;
  attempt: number;
  phase: string;
  reason: string | null;
  message: string | null;
  node: string | null;
  address: string | null;
  restarts: number;
  exit_code: number | null;
  started: string | null;
  finished: string | null;
  image_digest: string | null;
  /** Whether the log of an earlier container is there. */
  previous: boolean;
}

/** An attempt before the newest one. */
export interface IAttempt extends Pick<IJobPod, 'reason' | 'message'> {
  attempt: number;
  phase: string;
  started: string | null;
  finished: string | null;
  pods: IJobPod[];
}

/** An exception of a program, and the cell of the notebook that it came from. */
export interface IJobError {
  rank: number | null;
  node: string | null;
  pod: string | null;
  /** The index of the cell among all cells; null for a command. */
  cell: number | null;
  lineno: number | null;
  line: string | null;
  etype: string | null;
  message: string | null;
}

/** How far a training is. */
export interface IJobProgress {
  /** From 0 to 1. */
  fraction: number | null;
  step: number | null;
  total: number | null;
  epoch: number | null;
  epochs: number | null;
  unit: 'step';
  /** Steps per second. */
  rate: number | null;
  /** Seconds that were left at `at`. */
  remaining: number | null;
  /** The latest values; null is one that is not finite. */
  metrics: Record<string, number | null>;
  /** When it told something new last. */
  at: string;
  source: 'trainhub' | 'tqdm' | 'text' | 'tensorboard';
  /** Whether it tells nothing new for much longer than usual. */
  stalled: boolean;
}

/** How to reach one pod by SSH. */
export interface IJobSsh extends ISsh {
  rank: number;
}

/** The tabs of a job's page. */
export type JobTabName =
  | 'overview'
  | 'pods'
  | 'log'
  | 'events'
  | 'metrics'
  | 'files'
  | 'yaml'
  | 'shell'
  | 'run';

/** Whether a job in this phase has come to its end. */
export function isFinished(phase: JobPhase): boolean {
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Stopped';
}

/** Whether nothing of a job happens any more: no attempt follows either. */
export function isOver({ phase, restart }: IJob): boolean {
  return isFinished(phase) && restart !== 'waiting';
}

/** The objects of a job as they were applied, or as they are now. */
export type YamlKind = 'applied' | 'live';
