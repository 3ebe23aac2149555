import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ImagesApi, TransfersApi } from './images/api';
import type { IFailure } from './jobs/failure/views';
import type { ILogSource } from './jobs/log/model';
import type { IPlan } from './jobs/preview/views';
import type { IScalars } from './jobs/scalars/views';
import { MetricsApi } from './metrics/api';
import { RunsApi } from './runs/api';
import { TensorBoardsApi } from './tensorboards/api';
import { VolumesApi } from './volumes/api';
import type { IJobSsh, YamlKind } from './jobs/views';
import { asSentence, joinSentences } from './sentence';
import { ServerSentences } from './serverSentences';
import type {
  ICheck,
  IIdle,
  IInstance,
  IInterfaces,
  IJob,
  INode,
  IObjectEvent,
  ISchemas,
  IShell,
  ISsh,
  IStatus,
  InstanceTarget,
  Spec
} from './views';

/** What an error says beside its message. */
export interface IErrorDetails {
  /** The field at fault, dotted, such as `mounts.0.path`. */
  field?: string | null;
  /** What would do, as one sentence. */
  remedy?: string | null;
  /** All fields at fault. */
  causes?: { field: string; message: string }[];
  [key: string]: unknown;
}

/** A request that the server refused or that did not reach it. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly reason: string,
    readonly details: IErrorDetails = {},
    readonly status = 0
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** The message followed by what would do, as sentences. */
  get advice(): string {
    return joinSentences([asSentence(this.message), this.details.remedy]);
  }
}

/** Any thrown value as an error of the server's kind. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError(String(error), 'Unknown');
}

/** Any thrown value as one sentence or two for people. */
export function describeError(error: unknown): string {
  if (error instanceof ApiError) {
    return error.advice;
  }
  return error instanceof Error ? error.message : String(error);
}

/** The REST interface of the TrainHub server extension. Every method rejects with {@link ApiError}. */
export class TrainHubApi {
  constructor(
    readonly serverSettings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle
  ) {
    this._sentences = new ServerSentences(_trans);
    const request = <T>(
      route: string,
      init?: RequestInit,
      options?: IPollOptions
    ): Promise<T> => this._json<T>(route, init, options);
    this.images = new ImagesApi(request);
    this.transfers = new TransfersApi(request);
    this.metrics = new MetricsApi(request);
    this.tensorboards = new TensorBoardsApi(request, route =>
      this._json(route, {}, { background: true }, 'trainhub')
    );
    this.runs = new RunsApi(
      request,
      async route => (await this._request(route, {})).text(),
      route => this.address(`trainhub/api/${route}`)
    );
    this.volumes = new VolumesApi(request, route =>
      this.address(`trainhub/api/${route}`)
    );
  }

  /** What the server said or pushed, with its sentences in the user's language. */
  localize<T>(answer: T): T {
    return this._sentences.localize(answer);
  }

  /** Version of the server half, and how its cluster stands. */
  async status(options: IPollOptions = {}): Promise<IStatus> {
    const status = await this._json<IStatus>('status', {}, options);
    const { message } = status.cluster;
    return message
      ? {
          ...status,
          cluster: { ...status.cluster, message: asSentence(message) }
        }
      : status;
  }

  /** JSON Schemas of the specs, with the defaults and presets of this site. */
  schemas(): Promise<ISchemas> {
    return this._json('schemas');
  }

  /** The nodes of the cluster and what runs on them. */
  async nodes(options: IPollOptions = {}): Promise<INode[]> {
    const { nodes } = await this._json<{ nodes: INode[] }>(
      'cluster',
      {},
      options
    );
    return nodes;
  }

  /** Starts the embedded cluster where no other is configured; resolves before it is ready. */
  async startCluster(): Promise<void> {
    await this._json('cluster', { method: 'POST', body: '{}' });
  }

  readonly instances = {
    list: (options: IPollOptions = {}): Promise<IInstance[]> =>
      this._items('instances', options),
    get: (name: string): Promise<IInstance> =>
      this._json(path('instances', name)),
    create: (spec: Spec): Promise<IInstance> =>
      this._json('instances', { method: 'POST', body: JSON.stringify(spec) }),
    /**
     * What the cluster would say to a spec. Nothing is made.
     *
     * @param isEdit - whether it is asked about a change of the instance of this name
     */
    check: (
      spec: Spec,
      signal?: AbortSignal,
      isEdit = false
    ): Promise<ICheck> =>
      this._json(`instances/check${isEdit ? '?edit=true' : ''}`, {
        method: 'POST',
        body: JSON.stringify(spec),
        signal
      }),
    /**
     * Changes the spec of an instance.
     *
     * @param change.version - the `version` of the instance that was edited: the server answers 409
     * Conflict when it has changed since
     * @param change.restart - whether a running pod is replaced at once
     */
    update: (
      name: string,
      change: { spec: Spec; version?: string; restart?: boolean }
    ): Promise<IInstance> =>
      this._json(path('instances', name), {
        method: 'PUT',
        body: JSON.stringify(change)
      }),
    setState: (name: string, state: InstanceTarget): Promise<IInstance> =>
      this._json(path('instances', name), {
        method: 'PATCH',
        body: JSON.stringify({ state })
      }),
    events: (name: string): Promise<IObjectEvent[]> =>
      this._items(path('instances', name, 'events')),
    /** What its image offers to enter it by. */
    interfaces: (name: string): Promise<IInterfaces> =>
      this._json(path('instances', name, 'interfaces')),
    /**
     * Starts the IDE where it does not run yet. Resolves to its address below the server's base
     * URL, without a slash in front.
     */
    startIde: (name: string): Promise<{ url: string }> =>
      this._json(path('instances', name, 'ide'), {
        method: 'POST',
        body: '{}'
      }),
    /** How to reach it by SSH. */
    ssh: (name: string): Promise<ISsh> =>
      this._json(path('instances', name, 'ssh')),
    /** Asks the instance anew for each sign of activity. */
    idle: (name: string): Promise<IIdle> =>
      this._json(path('instances', name, 'idle')),
    /** Keeps an idle instance for `seconds` from now. */
    extend: (name: string, seconds: number): Promise<IInstance> =>
      this._json(path('instances', name, 'idle'), {
        method: 'POST',
        body: JSON.stringify({ seconds })
      }),
    delete: (name: string): Promise<void> =>
      this._json(path('instances', name), { method: 'DELETE' })
  };

  /**
   * The shells of a place, `instances/desk` or `jobs/train/0`: Jupyter's terminals, at an address of
   * the place's own.
   */
  readonly shells = {
    list: (place: string): Promise<IShell[]> =>
      this._json(shellRoute(place), {}, {}, 'trainhub'),
    start: (place: string): Promise<IShell> =>
      this._json(
        shellRoute(place),
        { method: 'POST', body: '{}' },
        {},
        'trainhub'
      ),
    end: (place: string, name: string): Promise<void> =>
      this._json(
        `${shellRoute(place)}/${encodeURIComponent(name)}`,
        { method: 'DELETE' },
        {},
        'trainhub'
      )
  };

  readonly jobs = {
    list: (options: IPollOptions = {}): Promise<IJob[]> =>
      this._items('jobs', options),
    get: (name: string): Promise<IJob> => this._json(path('jobs', name)),
    /** Its latest curves; asked again and again by itself, whatever the user does. */
    scalars: (name: string): Promise<IScalars> =>
      this._json(path('jobs', name, 'scalars'), {}, { background: true }),
    /** @param codeOf - the run whose code it is to run; what the spec names as it is now if null */
    submit: (spec: Spec, codeOf: string | null = null): Promise<IJob> =>
      this._json('jobs', {
        method: 'POST',
        body: JSON.stringify(codeOf ? { spec, code_of: codeOf } : { spec })
      }),
    /** Runs its code, as it was submitted, once more as a job of a name of its own. */
    resubmit: (name: string): Promise<IJob> =>
      this._json(path('jobs', name, 'resubmit'), {
        method: 'POST',
        body: '{}'
      }),
    preview: (spec: Spec, signal?: AbortSignal): Promise<IPlan> =>
      this._json('jobs/preview', {
        method: 'POST',
        body: JSON.stringify({ spec }),
        signal
      }),
    /** What says which files do not travel with the jobs of a notebook, or what it may begin with. */
    ignored: (notebook: string): Promise<{ text: string; exists: boolean }> =>
      this._json(ignoredRoute(notebook)),
    ignore: (notebook: string, text: string): Promise<void> =>
      this._json(ignoredRoute(notebook), {
        method: 'PUT',
        body: JSON.stringify({ text })
      }),
    stop: (name: string): Promise<IJob> =>
      this._json(path('jobs', name), {
        method: 'PATCH',
        body: JSON.stringify({ state: 'stopped' })
      }),
    /** Keeps a job at the top of lists, or no longer. */
    pin: (name: string, pinned: boolean): Promise<IJob> =>
      this._json(path('jobs', name), {
        method: 'PATCH',
        body: JSON.stringify({ pinned })
      }),
    /** @param volumes - whether its checkpoints and its model are deleted with it */
    delete: (name: string, volumes = false): Promise<void> =>
      this._json(path('jobs', name) + (volumes ? '?volumes=true' : ''), {
        method: 'DELETE'
      }),
    events: async (name: string): Promise<IObjectEvent[]> =>
      this._items(path('jobs', name, 'events')),
    /** Why an attempt failed; the newest for null. */
    failure: (name: string, attempt: number | null): Promise<IFailure> =>
      this._json(
        path('jobs', name, 'failure') +
          (attempt === null ? '' : `?attempt=${attempt}`)
      ),
    /** How to reach its pods by SSH. */
    ssh: async (name: string): Promise<IJobSsh[]> =>
      this._items(path('jobs', name, 'ssh')),
    /** The objects of a job as they were applied, or as they are now. */
    yaml: async (name: string, kind: YamlKind): Promise<string> => {
      const query = URLExt.objectToQueryString({ as: kind });
      const response = await this._request(
        path('jobs', name, 'yaml') + query,
        {}
      );
      return response.text();
    },
    /** Where the browser downloads them. */
    yamlAddress: (name: string, kind: YamlKind): string =>
      this._download(path('jobs', name, 'yaml'), { as: kind }),
    /**
     * The log of all pods as a stream of bytes that goes on while the job runs. Each line begins
     * with `[rank] ` and its time.
     *
     * @param tail - how many of the last lines of each to begin with
     */
    logs: async (
      source: ILogSource,
      tail: number,
      signal: AbortSignal
    ): Promise<ReadableStream<Uint8Array>> => {
      const query = URLExt.objectToQueryString({
        ...logQuery(source),
        timestamps: 'true',
        follow: String(!source.previous),
        tail: String(tail)
      });
      const route = path('jobs', source.job, 'logs') + query;
      const response = await this._request(route, { signal });
      return response.body ?? new ReadableStream();
    },
    /** Where the browser downloads the whole log of one rank, or of all for null. */
    logAddress: (
      source: ILogSource,
      rank: number | null,
      timestamps: boolean
    ): string =>
      this._download(path('jobs', source.job, 'logs'), {
        ...logQuery(source),
        rank: rank === null ? 'all' : String(rank),
        ...(timestamps ? { timestamps: 'true' } : {})
      })
  };

  /** Why jobs of a notebook failed since it last succeeded; the newest first. */
  failuresOf(notebook: string): Promise<IFailure[]> {
    const query = URLExt.objectToQueryString({ path: notebook });
    return this._items(`notebooks/failures${query}`, { background: true });
  }

  readonly tensorboards: TensorBoardsApi;

  /** Images, and what saves instances as such. */
  readonly images: ImagesApi;

  /** Long actions on images. */
  readonly transfers: TransfersApi;

  /** What jobs use. */
  readonly metrics: MetricsApi;

  /** What is kept of jobs that ran. */
  readonly runs: RunsApi;

  /** What jobs keep. */
  readonly volumes: VolumesApi;

  /** The address at which the browser reaches what a view's `url` names. */
  address(url: string): string {
    return URLExt.join(this.serverSettings.baseUrl, url);
  }

  private _download(route: string, query: Record<string, string>): string {
    return (
      this.address(`trainhub/api/${route}`) +
      URLExt.objectToQueryString({ ...query, download: 'true' })
    );
  }

  private async _items<T>(
    route: string,
    options: IPollOptions = {}
  ): Promise<T[]> {
    const { items } = await this._json<{ items: T[] }>(route, {}, options);
    return items;
  }

  private async _json<T>(
    route: string,
    init: RequestInit = {},
    { background = false }: IPollOptions = {},
    root = 'trainhub/api'
  ): Promise<T> {
    const response = await this._request(
      background
        ? `${route}${route.includes('?') ? '&' : '?'}no_track_activity=1`
        : route,
      init,
      root
    );
    const text = await response.text();
    try {
      return this.localize((text ? JSON.parse(text) : undefined) as T);
    } catch {
      throw new ApiError(
        this._trans.__('The server answered with something that is not JSON.'),
        'InvalidAnswer',
        {},
        response.status
      );
    }
  }

  private async _request(
    route: string,
    init: RequestInit,
    root = 'trainhub/api'
  ): Promise<Response> {
    const url = URLExt.join(this.serverSettings.baseUrl, root, route);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(
        url,
        init,
        this.serverSettings
      );
    } catch (error) {
      if (init.signal?.aborted) {
        throw error;
      }
      throw new ApiError(
        this._trans.__(
          'The Jupyter server cannot be reached. Check that it is running.'
        ),
        'Unreachable'
      );
    }
    if (!response.ok) {
      throw await this._refusal(response);
    }
    return response;
  }

  private async _refusal(response: Response): Promise<ApiError> {
    let body: Partial<{
      message: string;
      reason: string | null;
      details: IErrorDetails;
    }> = {};
    try {
      body = this.localize(JSON.parse(await response.text()) ?? {});
    } catch {
      // A proxy in between answers in HTML: its status line is all there is to tell.
    }
    if (response.status === 404 && !body.reason) {
      // Ours always give a reason; this is the Jupyter server, which knows no such route.
      return new ApiError(
        this._trans.__(
          'The server half of TrainHub does not answer. Run "jupyter server extension list" in a terminal: jupyter_trainhub must be listed as enabled and OK. Then restart the Jupyter server.'
        ),
        'ServerExtensionMissing',
        {},
        response.status
      );
    }
    return new ApiError(
      body.message ||
        this._trans.__(
          'The server answered %1 %2.',
          response.status,
          response.statusText
        ),
      body.reason || response.statusText || String(response.status),
      body.details ?? {},
      response.status
    );
  }

  private readonly _sentences: ServerSentences;
}

/** How a request counts. */
export interface IPollOptions {
  /** Whether the server must not take the request for activity of the user. */
  background?: boolean;
}

function ignoredRoute(notebook: string): string {
  return `notebooks/ignore${URLExt.objectToQueryString({ path: notebook })}`;
}

function path(...parts: string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

function logQuery({ attempt, previous }: ILogSource): Record<string, string> {
  return {
    ...(attempt === null ? {} : { attempt: String(attempt) }),
    ...(previous ? { previous: 'true' } : {})
  };
}

function shellRoute(place: string): string {
  return `${place}/shell/api/terminals`;
}
