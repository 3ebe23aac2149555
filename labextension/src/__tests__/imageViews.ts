import type {
  ICatalogue,
  IImage,
  IMeasuredFolder,
  IMeasurement,
  ITransfer
} from '../images/views';

/** The name of the image that a save of "desk" is offered. */
export const PROPOSED = 'registry.example.com/team/ada/desk:20260101-120000';

export function image(changes: Partial<IImage> = {}): IImage {
  return {
    kind: 'image',
    name: 'registry.example.com/team/ada/desk:1',
    title: 'ada/desk:1',
    description: null,
    source: 'saved',
    repository: 'ada/desk',
    tag: '1',
    digest: 'sha256:1',
    size: 2 ** 30,
    layer_size: 2 ** 20,
    base: 'docker.io/library/python:3.12',
    base_digest: 'sha256:0',
    created: '2026-01-01T00:00:00Z',
    owner: 'ada',
    instance: 'desk',
    note: 'with numpy',
    deletable: true,
    message: null,
    ...changes
  };
}

/** What a site offers. */
export const OFFICIAL = image({
  name: 'registry.example.com/trainhub/pytorch:2.9',
  title: 'PyTorch',
  source: 'official',
  size: 2 ** 32,
  created: null,
  owner: null,
  instance: null,
  note: null,
  base: null,
  deletable: false
});

export function catalogue(...items: IImage[]): ICatalogue {
  return {
    items,
    registry: {
      name: 'registry.example.com/team',
      source: 'config',
      message: null,
      remedy: null
    }
  };
}

export function transfer(changes: Partial<ITransfer> = {}): ITransfer {
  return {
    kind: 'transfer',
    id: 'snapshot-desk',
    type: 'snapshot',
    title: 'Save desk',
    instance: 'desk',
    image: PROPOSED,
    source: null,
    owner: 'ada',
    phase: 'Running',
    step: 'read',
    message: null,
    remedy: null,
    progress: {
      files: 500,
      total_files: 1000,
      bytes: 2 ** 30,
      total_bytes: 2 ** 31,
      sent: 2 ** 20,
      path: '/root/x'
    },
    started: '2026-01-01T12:00:00Z',
    finished: null,
    resumable: false,
    engine: 'pod',
    result: null,
    ...changes
  };
}

/** A save that has succeeded. */
export const SAVED: Partial<ITransfer> = {
  phase: 'Succeeded',
  step: null,
  result: {
    image: PROPOSED,
    digest: 'sha256:2',
    size: 2 ** 30,
    layer_size: 2 ** 20,
    files: 1000,
    deleted: 1,
    skipped: [{ path: '/root/lock', reason: 'it changed while it was read' }],
    warnings: []
  }
};

export function folder(
  path: string | null,
  bytes: number,
  ...children: IMeasuredFolder[]
): IMeasuredFolder {
  return { path, files: bytes / 100, bytes, children };
}

export function measurement(changes: Partial<IMeasurement> = {}): IMeasurement {
  return {
    instance: 'desk',
    files: 60,
    bytes: 6000,
    deleted: 2,
    deletions_known: true,
    tree: [
      folder(
        '/root',
        5000,
        folder('/root/data', 3000),
        folder('/root/src', 1000),
        folder(null, 1000)
      ),
      folder('/opt', 1000)
    ],
    not_saved: [
      { path: '/mnt/user', kind: 'volume', title: 'NAS', read_only: false },
      { path: '/proc', kind: 'system', title: '', read_only: false }
    ],
    excluded: [
      { pattern: '/tmp', files: 5, bytes: 500 },
      { pattern: '/root/.cache', files: 0, bytes: 0 }
    ],
    secrets: [],
    unreadable: { files: 0, paths: [] },
    large: [],
    warnings: [],
    base: { name: 'docker.io/library/python:3.12', digest: 'sha256:0' },
    image: PROPOSED,
    above_base: false,
    previous_bytes: null,
    engine: 'pod',
    ...changes
  };
}
