import type { IPollOptions } from '../api';
import { encodePath } from './path';
import type { IVolume, IVolumeFolder } from './views';

/** Sends a request to a route of TrainHub and resolves to the JSON that it answers. */
type Request = <T>(
  route: string,
  init?: RequestInit,
  options?: IPollOptions
) => Promise<T>;

/** The routes about volumes of jobs. Every method rejects with `ApiError`. */
export class VolumesApi {
  /**
   * @param _address - makes the address of a route for the browser
   */
  constructor(
    private readonly _request: Request,
    private readonly _address: (route: string) => string
  ) {}

  async list(): Promise<IVolume[]> {
    const { items } = await this._request<{ items: IVolume[] }>('volumes');
    return items;
  }

  get(claim: string): Promise<IVolume> {
    // It is asked again and again by itself while the volume changes.
    return this._request(routeOf(claim), {}, { background: true });
  }

  /** @param size - as Kubernetes writes it, such as `20Gi` */
  resize(claim: string, size: string): Promise<IVolume> {
    return this._request(routeOf(claim), {
      method: 'PATCH',
      body: JSON.stringify({ size })
    });
  }

  delete(claim: string): Promise<void> {
    return this._request(routeOf(claim), { method: 'DELETE' });
  }

  /** A folder of a volume. A pod may have to be started for it, which takes seconds. */
  folder(claim: string, path: string): Promise<IVolumeFolder> {
    return this._request(`${routeOf(claim)}/files?path=${encodePath(path)}`);
  }

  /** Where the browser downloads a file, or a folder as a tar file. */
  download(claim: string, path: string, isFolder: boolean): string {
    const what = isFolder ? 'archive' : 'file';
    return this._address(`${routeOf(claim)}/${what}?path=${encodePath(path)}`);
  }
}

function routeOf(claim: string): string {
  return `volumes/${encodeURIComponent(claim)}`;
}
