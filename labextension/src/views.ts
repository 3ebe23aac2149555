import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { JSONSchema7 } from 'json-schema';
import type { ITransfer } from './images/views';
import type { IJob } from './jobs/views';
import type { ITensorBoard } from './tensorboards/views';

export {
  isFinished,
  type IJob,
  type IJobPod,
  type JobPhase
} from './jobs/views';
export type { ITensorBoard } from './tensorboards/views';

/**
 * What the server answers, as it is on the wire: times are ISO 8601 in UTC, memory is bytes, CPUs
 * are cores.
 */

/** The kinds of object that have a list, an address and events. */
export type Kind = 'instance' | 'job' | 'tensorboard' | 'transfer';

/** Those that have a name of the user's own. */
export type NamedKind = Exclude<Kind, 'transfer'>;

/** A spec as JSON: what the user asked for. */
export type Spec = ReadonlyJSONObject;

/** Why an object is in its phase. */
export interface IExplained {
  /** A word of Kubernetes' own. */
  reason: string | null;
  message: string | null;
  /** One next step while something is wrong or awaited; null when there is none. */
  remedy: string | null;
  /** Kubernetes' own text behind `message`, or null. */
  details: string | null;
}

/** A dev instance: a JupyterLab of one's own on the cluster. */
export interface IInstance extends IExplained {
  kind: 'instance';
  name: string;
  phase: InstancePhase;
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
  /** Stands for this state of it: an edit tells with which version it began. */
  version: string;
  /** From click to open, in order. */
  progress: IProgressStep[];
  /** What is kept where. */
  folders: IFolder[];
  /** What its annotations tell of its idleness; null when nothing is known. */
  idle: IIdle | null;
  /** Whether the running pod is of an older spec than `spec`. */
  restart_needed: boolean;
}

/** One phase on the way from click to open. */
export interface IProgressStep {
  step: 'created' | 'scheduled' | 'pulled' | 'started' | 'answering';
  state: 'done' | 'current' | 'waiting' | 'failed';
  /** When it was done; when it began, where it is not done yet. */
  at: string | null;
  /** How long it took. */
  seconds: number | null;
}

/** A folder of an instance, and what becomes of it when the instance stops. */
export interface IFolder {
  path: string;
  title: string;
  /** `lost` and `memory` go with the pod, `image` comes from the image anew. */
  kept: 'kept' | 'lost' | 'memory' | 'image';
  read_only: boolean;
  /** Where its files are: the claim, the NFS export, and so on. */
  source: string | null;
}

/** Why an instance counts as idle or not, and when it stops for it. */
export interface IIdle {
  /** What the site has set, in seconds; null when idle instances are not stopped. */
  policy: { timeout: number; warning: number; extension: number } | null;
  state: 'active' | 'idle' | 'unknown' | 'off';
  /** Since when it has been in this state. */
  since: string | null;
  /** When it is stopped unless it becomes active; null when it is not. */
  stops_at: string | null;
  /** Whether the stop is so near that its user is warned. */
  warned: boolean;
  /** Until when its user has asked to keep it. */
  extended_until: string | null;
  message: string | null;
  signals: IIdleSignal[];
}

/** One sign of activity. */
export interface IIdleSignal {
  name:
    'kernels' | 'terminals' | 'lab' | 'ssh' | 'ide' | 'saving' | 'cpu' | 'gpu';
  state: 'active' | 'idle' | 'unknown' | 'none';
  /** When it was last seen active. */
  at: string | null;
  detail: string | null;
}

/** What can be asked of an instance's state. */
export type InstanceTarget = 'running' | 'stopped' | 'restarted';

/** The views of an instance's tab. */
export type InstanceViewName = 'lab' | 'ide' | 'terminal' | 'ssh' | 'overview';

/** The size of a pod: cores, bytes, GPUs. */
export interface ISize {
  cpus: number;
  memory: number;
  gpus: number;
}

/** The largest single pod that a node could take. */
export interface ILargest extends ISize {
  node: string;
  gpu_model: string | null;
}

/** What the cluster would say to a spec, before anything is made. */
export interface ICheck {
  verdict: 'now' | 'later' | 'never' | 'unknown';
  message: string | null;
  remedy: string | null;
  /** On how many nodes it fits as they are now. */
  nodes_now: number | null;
  /** On how many nodes it would fit if nothing ran on them. */
  nodes_when_free: number | null;
  nodes_total: number | null;
  largest: ILargest | null;
  largest_when_free: ILargest | null;
  /** The smallest change that makes it start now. */
  suggestion: Partial<ISize> | null;
  blockers: { node: string; reasons: string[] }[];
  quota: IQuota[];
  /** What the cluster said to a dry run. */
  refusal: {
    field: string | null;
    message: string;
    remedy: string | null;
  } | null;
  /** Why the spec is not valid; all else is empty then. */
  errors: { field: string; message: string }[];
}

/** One resource of a quota: cores, bytes or a count. */
export interface IQuota {
  name: string;
  resource: string;
  hard: number;
  used: number;
  left: number;
  needed: number;
  fits: boolean;
}

/** What the image of a running instance offers to enter it by. */
export interface IInterfaces {
  lab: boolean;
  ide: 'code-server' | 'openvscode-server' | null;
  /** Paths of the programs in the image. */
  shell: string | null;
  python: string | null;
  sftp: string | null;
  sshd: boolean;
  /** What to add to the image for what it lacks. */
  remedies: { lab?: string; ide?: string; shell?: string; ssh?: string };
}

/** A shell in an instance, as Jupyter's terminals API has it. */
export interface IShell {
  name: string;
}

/** How to reach an instance by SSH. */
export interface ISsh {
  host: string;
  command: string;
  /** A `Host` block for ~/.ssh/config. */
  config: string;
  scp: string;
  /** Address that opens VS Code on the instance. */
  vscode: string;
  fingerprint: string;
  putty: { setting: string; value: string }[];
  /** The way to an sshd in the image, where there is one. */
  direct: { command: string; note: string } | null;
  /** What to run once on one's own machine. */
  setup: string[];
}

/** A choice of sizes that the site offers. */
export interface IPreset {
  name: string;
  title: string | null;
  description: string | null;
  /** Values of fields of the spec. */
  values: Spec;
}

/** JSON Schemas of the specs as this site sets them. */
export interface ISchemas {
  instance: JSONSchema7;
  job: JSONSchema7;
  presets: { instance: IPreset[] };
}

export type InstancePhase =
  'Stopped' | 'Stopping' | 'Pending' | 'Starting' | 'Running' | 'Failed';

/** The object that each kind stands for. */
export interface IObjects {
  instance: IInstance;
  job: IJob;
  tensorboard: ITensorBoard;
  transfer: ITransfer;
}

/** What identifies an object among those of its kind. */
export function keyOf(object: IObjects[Kind]): string {
  return object.kind === 'tensorboard' || object.kind === 'transfer'
    ? object.id
    : object.name;
}

/** What people know an object by. */
export function titleOf(object: IObjects[Kind]): string {
  return object.kind === 'transfer' ? object.title : object.name;
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

/** A Kubernetes event about an instance or a job, or one of its pods. */
export interface IObjectEvent {
  time: string | null;
  type: string;
  reason: string;
  message: string;
  object: string;
}
