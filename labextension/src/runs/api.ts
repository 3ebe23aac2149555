import { URLExt } from '@jupyterlab/coreutils';
import type { IJob } from '../jobs/views';
import type { IRun, IRunComparison, IRunFile } from './views';

/** Sends a request to a route of TrainHub and resolves to the JSON that it answers. */
type Request = <T>(route: string, init?: RequestInit) => Promise<T>;

/** The routes about records of runs. Every method rejects with `ApiError`. */
export class RunsApi {
  /**
   * @param _text - reads a route that answers a text
   * @param _address - makes the address of a route for the browser
   */
  constructor(
    private readonly _request: Request,
    private readonly _text: (route: string) => Promise<string>,
    private readonly _address: (route: string) => string
  ) {}

  /** The runs in which each word occurs, the newest first. */
  async list(search = ''): Promise<IRun[]> {
    const query = URLExt.objectToQueryString(search ? { search } : {});
    const { items } = await this._request<{ items: IRun[] }>(
      search ? `runs${query}` : 'runs'
    );
    return items;
  }

  get(run: string): Promise<IRun> {
    return this._request(routeOf(run));
  }

  async files(run: string): Promise<IRunFile[]> {
    const { items } = await this._request<{ items: IRunFile[] }>(
      `${routeOf(run)}/files`
    );
    return items;
  }

  /** A file of a record as text. */
  file(run: string, path: string): Promise<string> {
    return this._text(fileRoute(run, { path }));
  }

  /** Where the browser downloads a file of a record. */
  fileAddress(run: string, path: string): string {
    return this._address(fileRoute(run, { path, download: 'true' }));
  }

  compare(a: string, b: string): Promise<IRunComparison> {
    return this._request(`runs/compare${URLExt.objectToQueryString({ a, b })}`);
  }

  /** Submits its code and spec as a new job. */
  submit(run: string): Promise<IJob> {
    return this._post(`${routeOf(run)}/submit`, {});
  }

  /** Copies the record into a folder; resolves to where it went. */
  async export(run: string, folder: string): Promise<string> {
    const route = `${routeOf(run)}/export`;
    const { path } = await this._post<{ path: string }>(route, { folder });
    return path;
  }

  pin(run: string, pinned: boolean): Promise<IRun> {
    return this._request(routeOf(run), {
      method: 'PATCH',
      body: JSON.stringify({ pinned })
    });
  }

  delete(run: string): Promise<void> {
    return this._request(routeOf(run), { method: 'DELETE' });
  }

  private _post<T>(route: string, body: object): Promise<T> {
    return this._request(route, { method: 'POST', body: JSON.stringify(body) });
  }
}

function routeOf(run: string): string {
  return `runs/${encodeURIComponent(run)}`;
}

function fileRoute(run: string, query: Record<string, string>): string {
  return `${routeOf(run)}/file${URLExt.objectToQueryString(query)}`;
}
