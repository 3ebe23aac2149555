import type { IPollOptions } from '../api';
import type {
  ITensorBoard,
  ITensorBoardOptions,
  ITensorBoardRequest,
  ITensorBoards
} from './views';

/** Sends a request to a route of TrainHub and resolves to the JSON that it answers. */
type Request = <T>(
  route: string,
  init?: RequestInit,
  options?: IPollOptions
) => Promise<T>;

/** The routes about TensorBoards. Every method rejects with `ApiError`. */
export class TensorBoardsApi {
  /**
   * @param _page - asks what is below the address of a TensorBoard itself
   */
  constructor(
    private readonly _request: Request,
    private readonly _page: <T>(route: string) => Promise<T>
  ) {}

  list(options: IPollOptions = {}): Promise<ITensorBoards> {
    return this._request('tensorboards', {}, options);
  }

  get(id: string): Promise<ITensorBoard> {
    return this._request(routeOf(id));
  }

  /** Opens a TensorBoard; the one that is there for the same folders and no options. */
  open(request: ITensorBoardRequest): Promise<ITensorBoard> {
    return this._request('tensorboards', {
      method: 'POST',
      body: JSON.stringify(request)
    });
  }

  /** Changes what it shows, or how. The id may be another one: that of a local one is of its folders. */
  update(
    id: string,
    change: ITensorBoardOptions & { folders?: string[] }
  ): Promise<ITensorBoard> {
    return this._request(routeOf(id), {
      method: 'PUT',
      body: JSON.stringify(change)
    });
  }

  setState(id: string, state: 'stopped' | 'running'): Promise<ITensorBoard> {
    return this._request(routeOf(id), {
      method: 'PATCH',
      body: JSON.stringify({ state })
    });
  }

  /** Ends it and forgets it. */
  delete(id: string): Promise<void> {
    return this._request(routeOf(id), { method: 'DELETE' });
  }

  /** Uses it, so that it does not end for want of use. */
  async touch(id: string): Promise<void> {
    await this._page(`${routeOf(id)}/data/environment`);
  }

  /** The runs that it has read. */
  runs(id: string): Promise<string[]> {
    return this._page(`${routeOf(id)}/data/runs`);
  }

  /** The end of what it has written. */
  async log(id: string): Promise<string> {
    const { log } = await this._request<{ log: string }>(`${routeOf(id)}/log`);
    return log;
  }
}

function routeOf(id: string): string {
  return `tensorboards/${encodeURIComponent(id)}`;
}
