/**
 * What the server answers about images and about long actions on them, as it is on the wire: times
 * are ISO 8601 in UTC, sizes are bytes.
 */

/** An image that instances and jobs can use. */
export interface IImage {
  kind: 'image';
  /** As pods name it, with its tag. */
  name: string;
  title: string;
  description: string | null;
  source: 'official' | 'saved' | 'other';
  repository: string;
  tag: string;
  digest: string | null;
  /** Packed, with its base. */
  size: number | null;
  /** Packed, above its base. */
  layer_size: number | null;
  base: string | null;
  base_digest: string | null;
  created: string | null;
  owner: string | null;
  /** The instance that it was saved from. */
  instance: string | null;
  note: string | null;
  deletable: boolean;
  /** Why it cannot be read. */
  message: string | null;
}

/** Where saved images go. */
export interface IRegistry {
  /** What the names of saved images begin with. */
  name: string;
  source: 'config' | 'cluster';
  message: string | null;
  remedy: string | null;
}

/** The images that are known; `registry` is null where none is set up. */
export interface ICatalogue {
  items: IImage[];
  registry: IRegistry | null;
}

export type TransferPhase =
  'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Cancelled';

/** A long action on an image: it goes on without the page that began it. */
export interface ITransfer {
  kind: 'transfer';
  id: string;
  type: 'snapshot' | 'load' | 'export' | 'copy';
  title: string;
  instance: string | null;
  image: string | null;
  source: string | null;
  owner: string | null;
  phase: TransferPhase;
  step: 'measure' | 'read' | 'base' | 'upload' | 'verify' | null;
  message: string | null;
  remedy: string | null;
  progress: ITransferProgress;
  started: string;
  finished: string | null;
  /** Whether another try goes on where this one ended. */
  resumable: boolean;
  engine: string | null;
  result: ITransferResult | null;
}

export interface ITransferProgress {
  files: number | null;
  total_files: number | null;
  bytes: number;
  total_bytes: number | null;
  /** Bytes that are at the registry. */
  sent: number;
  /** What is being read. */
  path: string | null;
}

export interface ITransferResult {
  image: string;
  digest: string;
  size: number | null;
  layer_size: number | null;
  files: number | null;
  deleted: number | null;
  skipped: { path: string; reason: string }[];
  warnings: string[];
}

/** What saving an instance as an image would keep and leave. */
export interface IMeasurement {
  instance: string;
  files: number;
  bytes: number;
  deleted: number;
  /** Whether deletions can be told from what the image never had. */
  deletions_known: boolean;
  tree: IMeasuredFolder[];
  not_saved: INotSaved[];
  /** What the site leaves out. */
  excluded: { pattern: string; files: number; bytes: number }[];
  secrets: ISecret[];
  unreadable: { files: number; paths: string[] };
  large: { path: string; bytes: number }[];
  warnings: string[];
  base: { name: string; digest: string } | null;
  /** The proposed name; null where no registry is set up. */
  image: string | null;
  /** Whether the instance's image is a saved one itself, whose layer has `previous_bytes`. */
  above_base: boolean;
  previous_bytes: number | null;
  engine: string;
}

/** A folder with all below it; `path` is null for what is too small to be told apart. */
export interface IMeasuredFolder {
  path: string | null;
  files: number;
  bytes: number;
  children: IMeasuredFolder[];
}

/** A folder that is no part of the container's own file system. */
export interface INotSaved {
  path: string;
  kind: 'volume' | 'memory' | 'system';
  title: string;
  read_only: boolean;
}

/** A file that looks like a secret. */
export interface ISecret {
  path: string;
  kind: string;
  line: number | null;
}

/** How an instance is saved. */
export interface ISnapshotSpec {
  image: string | null;
  note: string;
  /** Patterns of paths that are left out, beside those that the site leaves out. */
  exclude: string[];
  /** Patterns that the site leaves out, and that are saved all the same. */
  include: string[];
  secrets: 'ask' | 'exclude' | 'include';
  overwrite: boolean;
  then: 'keep' | 'stop';
}

/** How an image is copied from another registry; Secrets are named. */
export interface ICopySpec {
  source: string;
  image: string;
  platforms: 'this' | 'all';
  source_secret: string | null;
  secret: string | null;
  overwrite: boolean;
  where: 'auto' | 'here' | 'cluster';
}

/** How an archive becomes an image. */
export interface ILoadSpec {
  path: string;
  image: string | null;
  /** Which of several images of the archive. */
  entry: string | null;
  overwrite: boolean;
}

/** How an image becomes an archive. */
export interface IExportSpec {
  image: string;
  path: string;
  format: 'oci' | 'docker';
  overwrite: boolean;
}

/** A package that differs from the base. */
export interface IPackageChange {
  name: string;
  version: string | null;
  change: 'added' | 'changed' | 'removed';
}

/** How many files of a folder differ, and their bytes. */
export interface IChangedFolder {
  path: string;
  files: number;
  bytes: number;
}

/** What a saved image changes about its base. */
export interface IChanges {
  files: number;
  bytes: number;
  deleted: string[];
  folders: IChangedFolder[];
  large: { path: string; bytes: number }[];
  packages: Record<'apt' | 'pip' | 'conda', IPackageChange[]>;
  /** What no package explains. */
  rest: IChangedFolder[];
}

/** Files that reproduce a saved image, by name; an empty one is not needed. */
export interface IRecipe {
  Dockerfile: string;
  'requirements.txt': string;
  'environment.yml': string;
  notes: string[];
}

/** What an image, or the image of a running instance, has of what TrainHub needs. */
export interface IFitness {
  target: string;
  ok: Record<'instance' | 'job' | 'mpi' | 'ssh', boolean>;
  items: IFitnessItem[];
  /** All remedies together. */
  dockerfile: string;
}

export interface IFitnessItem {
  name: string;
  title: string;
  state: 'ok' | 'missing' | 'wrong' | 'unknown' | 'none';
  value: string | null;
  needed_for: ('instance' | 'ssh' | 'mpi' | 'gpu')[];
  message: string | null;
  /** A line for a Dockerfile. */
  remedy: string | null;
}

/** Whether a transfer goes on. */
export function isUnderWay({ phase }: ITransfer): boolean {
  return phase === 'Pending' || phase === 'Running';
}
