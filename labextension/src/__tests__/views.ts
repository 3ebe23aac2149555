import type {
  ICheck,
  IInstance,
  IJob,
  IJobPod,
  IStatus,
  ITensorBoard
} from '../views';

/** A ready cluster. */
export const STATUS: IStatus = {
  version: '0.1.0',
  user: 'ada',
  cluster: {
    name: 'embedded',
    server: 'https://127.0.0.1:6443',
    namespace: 'default',
    embedded: true,
    state: 'ready',
    message: null
  }
};

export function instance(
  name: string,
  changes: Partial<IInstance> = {}
): IInstance {
  return {
    kind: 'instance',
    name,
    phase: 'Running',
    reason: null,
    message: null,
    ready: true,
    image: null,
    cpus: 1,
    memory: 2 ** 31,
    gpus: 0,
    created: '2026-01-01T00:00:00Z',
    owner: 'ada',
    node: 'node-1',
    url: `trainhub/instances/${name}/lab/lab`,
    spec: { name },
    uid: `uid-${name}`,
    version: '1',
    remedy: null,
    details: null,
    progress: [],
    folders: [],
    idle: null,
    restart_needed: false,
    ...changes
  };
}

export function job(name: string, changes: Partial<IJob> = {}): IJob {
  return {
    kind: 'job',
    name,
    phase: 'Running',
    reason: null,
    message: null,
    framework: 'pytorch',
    backend: 'plain',
    nodes: 2,
    category: 'training',
    project: '',
    priority: null,
    description: '',
    virtual_cluster: null,
    skus: 1,
    ssh: false,
    pinned: false,
    run: `${name}-01234567`,
    from_run: null,
    attempt: 1,
    attempts: 1,
    restart: null,
    estimated_time: null,
    time_limit: null,
    created: '2026-01-01T00:00:00Z',
    started: '2026-01-01T00:00:05Z',
    finished: null,
    owner: 'ada',
    spec: { name },
    uid: `uid-${name}`,
    remedy: null,
    details: null,
    history: [],
    volumes: [],
    pods: [],
    earlier: [],
    error: null,
    progress: null,
    log_folders: [],
    ...changes
  };
}

/** A pod of a job, by its rank. */
export function jobPod(rank: number, changes: Partial<IJobPod> = {}): IJobPod {
  return {
    name: `job-train-${rank}-abcde`,
    rank,
    role: 'node',
    attempt: 1,
    phase: 'Running',
    reason: null,
    message: null,
    node: `node-${rank}`,
    address: `10.0.0.${rank}`,
    restarts: 0,
    exit_code: null,
    started: '2026-01-01T00:00:05Z',
    finished: null,
    image_digest: null,
    previous: false,
    ...changes
  };
}

export function tensorboard(
  id: string,
  changes: Partial<ITensorBoard> = {}
): ITensorBoard {
  return {
    kind: 'tensorboard',
    id,
    name: 'runs',
    where: 'local',
    owner: '',
    folders: ['/home/ada/runs'],
    phase: 'Running',
    message: null,
    remedy: null,
    url: `trainhub/tensorboards/${id}/`,
    started: '2026-01-01T00:00:00Z',
    waiting: false,
    idle_seconds: 3600,
    reload_interval: 5,
    memory: { used: 100 * 2 ** 20, limit: 4 * 2 ** 30 },
    notes: [],
    version: '2.21.0',
    job: null,
    ...changes
  };
}

/** A check that says nothing but for `changes`. */
export function check(changes: Partial<ICheck> = {}): ICheck {
  return {
    verdict: 'unknown',
    message: null,
    remedy: null,
    nodes_now: null,
    nodes_when_free: null,
    nodes_total: null,
    largest: null,
    largest_when_free: null,
    suggestion: null,
    blockers: [],
    quota: [],
    refusal: null,
    errors: [],
    ...changes
  };
}
