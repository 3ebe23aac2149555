import { URLExt } from '@jupyterlab/coreutils';
import type { IPollOptions } from '../api';
import type { IMetrics } from './views';

type Request = <T>(
  route: string,
  init?: RequestInit,
  options?: IPollOptions
) => Promise<T>;

/** The routes about what jobs use. Every method rejects with `ApiError`. */
export class MetricsApi {
  constructor(private readonly _request: Request) {}

  /** @param since - seconds since 1970; only what was measured later is told */
  of(job: string, since: number | null): Promise<IMetrics> {
    const query =
      since === null
        ? ''
        : URLExt.objectToQueryString({
            since: new Date(since * 1000).toISOString()
          });
    // It is asked again and again by itself, whatever the user does.
    return this._request(
      `jobs/${encodeURIComponent(job)}/metrics${query}`,
      {},
      { background: true }
    );
  }
}
