import { ServerConnection } from '@jupyterlab/services';
import type { Terminal as TerminalService } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';
import { TrainHubApi } from '../api';
import { TerminalAppearance } from '../shell/appearance';
import { Shell } from '../shell/shell';
import { RequestTable, trans, type IAnswer } from './requestTable';

jest.mock('@jupyterlab/terminal', () => ({
  Terminal: class extends Widget {
    constructor(readonly session: TerminalService.ITerminalConnection) {
      super();
    }
    readonly ready = Promise.resolve();
  }
}));

/** A websocket whose server is the test. */
class FakeSocket {
  static last: FakeSocket;

  constructor(readonly url: string) {
    FakeSocket.last = this;
  }

  onmessage: (event: { data: string }) => void = () => undefined;
  onclose = (): void => undefined;
  onerror = (): void => undefined;
  send(): void {
    // Nothing that a test reads.
  }
  close(): void {
    this.closed = true;
  }
  closed = false;

  tell(...words: unknown[]): void {
    this.onmessage({ data: JSON.stringify(words) });
  }
}

const ROUTE = '/user/a%40b/trainhub/instances/desk/shell/api/terminals';

describe('Shell', () => {
  let table: RequestTable;
  let shell: Shell;

  function open(answers: Record<string, IAnswer>): Promise<void> {
    table = new RequestTable(answers);
    const api = new TrainHubApi(
      ServerConnection.makeSettings({
        ...table.api.serverSettings,
        WebSocket: FakeSocket as unknown as typeof WebSocket
      }),
      trans
    );
    shell = new Shell(
      api,
      'instances/desk',
      new TerminalAppearance(null, null)
    );
    return shell.open();
  }

  afterEach(() => {
    shell.dispose();
  });

  it('attaches to the shell that runs', async () => {
    await open({ [`GET ${ROUTE}`]: { body: [{ name: '7' }] } });
    expect(table.asked).toEqual([`GET ${ROUTE}`]);
    expect(FakeSocket.last.url).toBe(
      'ws://localhost/user/a%40b/trainhub/instances/desk/shell/terminals/websocket/7'
    );
    expect(shell.state).toBe('connecting');
    FakeSocket.last.tell('setup', {});
    expect(shell.state).toBe('open');
    shell.dispose();
    // Closing the tab leaves the shell as it is.
    expect(FakeSocket.last.closed).toBe(true);
    expect(table.asked).toEqual([`GET ${ROUTE}`]);
  });

  it('starts one where none runs, and another when it has ended', async () => {
    await open({
      [`GET ${ROUTE}`]: { body: [] },
      [`POST ${ROUTE}`]: { body: { name: '1' } }
    });
    FakeSocket.last.tell('setup', {});
    FakeSocket.last.tell('disconnect', 1);
    expect(shell.state).toBe('ended');
    const ended = shell.terminal;
    await shell.renew();
    expect(shell.terminal).not.toBe(ended);
    expect(table.asked).toEqual([
      `GET ${ROUTE}`,
      `POST ${ROUTE}`,
      `POST ${ROUTE}`
    ]);
  });

  it.each([204, 404])('ends the shell before another (%d)', async status => {
    await open({
      [`GET ${ROUTE}`]: { body: [{ name: '1' }] },
      [`POST ${ROUTE}`]: { body: { name: '2' } },
      [`DELETE ${ROUTE}/1`]: {
        status,
        body: status === 404 ? { message: 'gone', reason: 'NotFound' } : ''
      }
    });
    FakeSocket.last.tell('setup', {});
    await shell.renew();
    expect(table.asked.slice(1)).toEqual([
      `DELETE ${ROUTE}/1`,
      `POST ${ROUTE}`
    ]);
    expect(FakeSocket.last.url).toMatch(/\/2$/);
  });

  it('tells why there is no shell', async () => {
    await open({
      [`GET ${ROUTE}`]: { body: [] },
      [`POST ${ROUTE}`]: {
        status: 409,
        body: {
          message: 'the image has no shell',
          reason: 'Conflict',
          details: { remedy: 'Add bash to it.' }
        }
      }
    });
    expect(shell.state).toBe('failed');
    expect(shell.problem).toBe('The image has no shell. Add bash to it.');
  });
});
