import type { ReadonlyJSONObject } from '@lumino/coreutils';

/**
 * What the server answers, as it is on the wire: times are ISO 8601 in UTC, memory is bytes, CPUs
 * are cores.
 */

/** The kinds of object that have a list, an address and events. */
export type Kind = 'instance' | 'job' | 'tensorboard';

/** A spec as JSON: what the user asked for. */
export type Spec = ReadonlyJSONObject;

/** A dev instance: a JupyterLab of one's own on the cluster. */
export interface IInstance {
  kind: 'instance';
  name: string;
  phase: InstancePhase;
  reason: string | null;
  message: string | null;
  ready: boolean;
  image: string | null;
  cpus: number;
  memory: number;
  gpus: number;
  created: string | null;
  owner: string | null;
  node: string | null;
  /** Address of its JupyterLab below the server's base URL, without a slash in front. */
  url: string | null;
  spec: Spec;
  uid: string;
}

export type InstancePhase =
  'Stopped' | 'Stopping' | 'Pending' | 'Starting' | 'Running' | 'Failed';

/** One pod of a job; its rank is the index of the node in the job. */
export interface IJobPod {
  name: string;
  rank: number;
  phase: string;
  reason: string | null;
  message: string | null;
  node: string | null;
  exit_code: number | null;
}

/** A training job. */
export interface IJob {
  kind: 'job';
  name: string;
  phase: JobPhase;
  reason: string | null;
  message: string | null;
  framework: string;
  nodes: number;
  created: string | null;
  started: string | null;
  finished: string | null;
  owner: string | null;
  spec: Spec;
  uid: string;
  pods: IJobPod[];
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

/** A TensorBoard that shows one set of log folders. */
export interface ITensorBoard {
  kind: 'tensorboard';
  id: string;
  name: string;
  folders: string[];
  phase: TensorBoardPhase;
  message: string | null;
  /** Address below the server's base URL, without a slash in front. */
  url: string | null;
  started: string | null;
}

export type TensorBoardPhase = 'Starting' | 'Running' | 'Failed' | 'Stopped';

/** The object that each kind stands for. */
export interface IObjects {
  instance: IInstance;
  job: IJob;
  tensorboard: ITensorBoard;
}

/** What identifies an object among those of its kind. */
export function keyOf(object: IObjects[Kind]): string {
  return object.kind === 'tensorboard' ? object.id : object.name;
}

/** Whether a job in this phase has come to its end. */
export function isFinished(phase: JobPhase): boolean {
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Stopped';
}

/** The server extension and the cluster that it works on. */
export interface IStatus {
  version: string;
  cluster: {
    name: string | null;
    server: string | null;
    namespace: string | null;
    embedded: boolean;
    state: 'ready' | 'starting' | 'unavailable';
    message: string | null;
  };
  user: string | null;
}

/** How much of one resource a node can hand out, and how much is asked for already. */
export interface ICapacity {
  allocatable: number;
  requested: number;
}

/** A node of the cluster and what runs on it. */
export interface INode {
  name: string;
  ready: boolean;
  labels: Record<string, string>;
  cpu: ICapacity;
  memory: ICapacity;
  gpu: ICapacity & { model?: string | null };
  pods: {
    name: string;
    kind: string | null;
    owner: string | null;
    cpu: number;
    memory: number;
    gpu: number;
  }[];
}

/**
 * What becomes of one code cell when the notebook runs as a job. `index` is its position among all
 * cells of the notebook, from 0; null for the cell that sets the parameters.
 */
export interface IPreviewCell {
  index: number | null;
  id: string | null;
  source: string;
  action: 'run' | 'skip' | 'changed';
  reason: string | null;
}

/** A remark on a cell, or on the whole notebook when `cell` is null. */
export interface IPreviewRemark {
  cell: number | null;
  message: string;
}

/** Exactly what a job would run. */
export interface IPreview {
  cells: IPreviewCell[];
  files: { name: string; bytes: number }[];
  warnings: IPreviewRemark[];
  errors: IPreviewRemark[];
}

/** A Kubernetes event about a job or one of its pods. */
export interface IJobEvent {
  time: string | null;
  type: string;
  reason: string;
  message: string;
  object: string;
}
