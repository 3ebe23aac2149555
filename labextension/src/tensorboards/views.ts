import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** Where a TensorBoard runs; `found` is one that somebody else has started on this machine. */
export type TensorBoardPlace = 'local' | 'cluster' | 'found';

export type TensorBoardPhase = 'Starting' | 'Running' | 'Failed' | 'Stopped';

/** What is worth knowing of a TensorBoard that works. */
export interface ITensorBoardNote {
  /** Such as `slow-loader`, `broken-file`, `many-files` or `many-runs`. */
  id: string;
  message: string;
}

/** A TensorBoard that shows one set of log folders. */
export interface ITensorBoard {
  kind: 'tensorboard';
  id: string;
  name: string;
  where: TensorBoardPlace;
  /** Whose it is; empty for those of this machine. */
  owner: string;
  /** Its log folders as `PATH` or `NAME:PATH`. */
  folders: string[];
  phase: TensorBoardPhase;
  message: string | null;
  /** One next step while something is wrong; null when there is none. */
  remedy: string | null;
  /** Address below the server's base URL, without a slash in front. */
  url: string | null;
  started: string | null;
  /** Whether it runs and has seen no event file yet. */
  waiting: boolean;
  /** Seconds without use after which it ends; 0 for never. */
  idle_seconds: number;
  /** Seconds between two looks for new data. */
  reload_interval: number;
  /** Bytes. */
  memory: { used: number | null; limit: number | null };
  notes: ITensorBoardNote[];
  version: string | null;
  /** The job whose logs it shows. */
  job: string | null;
}

/** The TensorBoards, and why those of the cluster may be missing. */
export interface ITensorBoards {
  items: ITensorBoard[];
  problem: string | null;
}

/** What can be asked of a TensorBoard beside its folders. */
export interface ITensorBoardOptions extends ReadonlyPartialJSONObject {
  name?: string;
  idle_seconds?: number;
  reload_interval?: number;
  /** As Kubernetes writes it, such as `4Gi`. */
  memory?: string;
}

/** What a TensorBoard is asked for with. */
export interface ITensorBoardRequest extends ITensorBoardOptions {
  /** May be left out with `job`: those to which it logs. */
  folders?: string[];
  where?: 'auto' | 'local' | 'cluster';
  /** The names of the storages that a pod of its own mounts. */
  storages?: string[];
  /** The job whose logs it is to show. */
  job?: string;
  /** The instance in which the folders are. */
  instance?: string;
}
