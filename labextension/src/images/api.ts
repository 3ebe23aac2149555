import { URLExt } from '@jupyterlab/coreutils';
import type { IPollOptions } from '../api';
import type { IImageModules } from '../jobs/preview/views';
import type {
  ICatalogue,
  IChanges,
  ICopySpec,
  IExportSpec,
  IFitness,
  IImage,
  ILoadSpec,
  IMeasurement,
  IRecipe,
  ISnapshotSpec,
  ITransfer
} from './views';

/** Sends a request to a route of TrainHub and resolves to the JSON that it answers. */
type Request = <T>(
  route: string,
  init?: RequestInit,
  options?: IPollOptions
) => Promise<T>;

/** The routes about images. Every method rejects with `ApiError`. */
export class ImagesApi {
  constructor(private readonly _request: Request) {}

  list(): Promise<ICatalogue> {
    return this._request('images');
  }

  /** Deletes an image; with `force` also one that something uses. */
  delete(name: string, force = false): Promise<void> {
    const route = named('images', name) + (force ? '&force=true' : '');
    return this._request(route, { method: 'DELETE' });
  }

  /** Gives an image a second name. */
  tag(name: string, newName: string, overwrite: boolean): Promise<IImage> {
    return this._post('images/tag', { name, new_name: newName, overwrite });
  }

  changes(name: string): Promise<IChanges> {
    return this._request(named('images/changes', name));
  }

  recipe(name: string): Promise<IRecipe> {
    return this._request(named('images/recipe', name));
  }

  /** Runs the image for a moment to look into it; may take seconds. */
  fitness(name: string): Promise<IFitness> {
    return this._request(named('images/fitness', name));
  }

  /** What the Python of an image can import, as far as it was looked at before. */
  modules(name: string, signal?: AbortSignal): Promise<IImageModules> {
    return this._request(named('images/modules', name), { signal });
  }

  /** Runs the image for a moment to find that out; may take as long as a pull. */
  lookForModules(name: string, signal?: AbortSignal): Promise<IImageModules> {
    return this._request(named('images/modules', name), {
      method: 'POST',
      body: '{}',
      signal
    });
  }

  copy(spec: ICopySpec): Promise<ITransfer> {
    return this._post('images/copy', spec);
  }

  load(spec: ILoadSpec): Promise<ITransfer> {
    return this._post('images/load', spec);
  }

  export(spec: IExportSpec): Promise<ITransfer> {
    return this._post('images/export', spec);
  }

  /** What saving an instance would keep and leave; may take minutes. */
  measure(instance: string, signal?: AbortSignal): Promise<IMeasurement> {
    const route = `${instanceRoute(instance)}/snapshot/measurement`;
    return this._post(route, {}, signal);
  }

  /** Begins to save an instance as an image. */
  save(instance: string, spec: ISnapshotSpec): Promise<ITransfer> {
    return this._post(`${instanceRoute(instance)}/snapshot`, spec);
  }

  /** What the image of a running instance has. */
  instanceFitness(instance: string): Promise<IFitness> {
    return this._request(`${instanceRoute(instance)}/fitness`);
  }

  private _post<T>(
    route: string,
    body: object,
    signal?: AbortSignal
  ): Promise<T> {
    return this._request(route, {
      method: 'POST',
      body: JSON.stringify(body),
      signal
    });
  }
}

/** The routes about long actions on images. Every method rejects with `ApiError`. */
export class TransfersApi {
  constructor(private readonly _request: Request) {}

  async list(options: IPollOptions = {}): Promise<ITransfer[]> {
    const { items } = await this._request<{ items: ITransfer[] }>(
      'transfers',
      {},
      options
    );
    return items;
  }

  /** Cancels a transfer, or tries an ended one again. */
  setState(id: string, state: 'cancelled' | 'running'): Promise<ITransfer> {
    return this._request(transferRoute(id), {
      method: 'PATCH',
      body: JSON.stringify({ state })
    });
  }

  /** Forgets a transfer that has ended. */
  delete(id: string): Promise<void> {
    return this._request(transferRoute(id), { method: 'DELETE' });
  }
}

/** Names of images hold slashes and colons: they are always an argument. */
function named(route: string, name: string): string {
  return route + URLExt.objectToQueryString({ name });
}

function instanceRoute(name: string): string {
  return `instances/${encodeURIComponent(name)}`;
}

function transferRoute(id: string): string {
  return `transfers/${encodeURIComponent(id)}`;
}
