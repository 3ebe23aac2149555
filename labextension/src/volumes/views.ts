/** A folder that a job keeps: its checkpoints, or its model. */
export interface IVolume {
  kind: 'volume';
  /** The name of the claim. */
  claim: string;
  /** Null for a claim that no job has made. */
  role: 'checkpoint' | 'model' | null;
  /** The job that it was made for, which may be gone. */
  job: string | null;
  run: string | null;
  owner: string;
  /** Where that job's pods saw it. */
  path: string | null;
  /** The bytes that are asked for. */
  size: number;
  /** The bytes that it has; null while it is not there. */
  capacity: number | null;
  phase: 'Pending' | 'Bound' | 'Lost' | 'Deleting';
  storage_class: string | null;
  access_modes: string[];
  /** Null where nobody knows before it is tried. */
  resizable: boolean | null;
  /** The names of the pods that mount it. */
  used_by: string[];
  created: string | null;
  message: string | null;
  remedy: string | null;
}

/** What is in a folder of a volume. */
export interface IVolumeFile {
  name: string;
  path: string;
  type: 'file' | 'directory' | 'link' | 'other';
  /** Bytes; null for what is no file. */
  size: number | null;
  modified: string;
}

/** A folder of a volume. */
export interface IVolumeFolder {
  path: string;
  /** What the path leads to. */
  type: 'file' | 'directory';
  items: IVolumeFile[];
  /** Whether there are more than are listed. */
  truncated: boolean;
  /** The bytes in use in the whole volume; null where only its storage knows. */
  used: number | null;
}
