import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { TrainHubApi } from '../api';

/** The translations that leave every text as it is. */
export const trans = nullTranslator.load('jupyter_trainhub');

/** What the server answers to one request. */
export interface IAnswer {
  status?: number;
  /** Sent as JSON, unless it is a text or a stream. */
  body?: unknown;
}

/** A server that answers from a table, `METHOD route` to answer, and remembers what it was asked. */
export class RequestTable {
  constructor(readonly answers: Record<string, IAnswer | (() => IAnswer)>) {}

  /** The requests so far, as `METHOD route?query`. */
  readonly asked: string[] = [];

  /** The bodies of the requests so far that had one. */
  readonly bodies: unknown[] = [];

  /** An interface to this server, under a base URL with characters that need care. */
  readonly api = new TrainHubApi(
    ServerConnection.makeSettings({
      baseUrl: 'http://localhost/user/a%40b/',
      init: { cache: 'default' },
      fetch: (request: RequestInfo | URL) => this._answer(request as Request)
    }),
    trans
  );

  private async _answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const route = pathname.replace('/user/a%40b/trainhub/api/', '');
    this.asked.push(`${request.method} ${route}${search}`);
    if (['POST', 'PUT', 'PATCH'].includes(request.method)) {
      this.bodies.push(await request.json());
    }
    const entry = this.answers[`${request.method} ${route}`];
    const { status = 200, body } = (typeof entry === 'function'
      ? entry()
      : entry) ?? { status: 404, body: { message: 'Not Found', reason: null } };
    return {
      ok: status < 400,
      status,
      statusText: '',
      text: async () =>
        typeof body === 'string' ? body : (JSON.stringify(body) ?? ''),
      body
    } as unknown as Response;
  }
}
