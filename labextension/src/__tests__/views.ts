import type { ICheck, IInstance, IJob, IStatus, ITensorBoard } from '../views';

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
    nodes: 2,
    created: '2026-01-01T00:00:00Z',
    started: '2026-01-01T00:00:05Z',
    finished: null,
    owner: 'ada',
    spec: { name },
    uid: `uid-${name}`,
    remedy: null,
    details: null,
    pods: [],
    ...changes
  };
}

export function tensorboard(id: string): ITensorBoard {
  return {
    kind: 'tensorboard',
    id,
    name: 'runs',
    folders: ['/home/ada/runs'],
    phase: 'Running',
    message: null,
    url: `trainhub/tensorboards/${id}/`,
    started: '2026-01-01T00:00:00Z'
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
