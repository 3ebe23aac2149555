import { LogModel } from '../jobs/log/model';
import { RequestTable, type IAnswer } from './requestTable';

/** A stream that yields chunks and then ends, or breaks. */
function stream(chunks: string[], breaks = false): unknown {
  const encoder = new TextEncoder();
  const rest = [...chunks];
  return {
    getReader: () => ({
      read: async () => {
        const chunk = rest.shift();
        if (chunk !== undefined) {
          return { done: false, value: encoder.encode(chunk) };
        }
        if (breaks) {
          throw new TypeError('network error');
        }
        return { done: true, value: undefined };
      }
    })
  };
}

function until(model: LogModel, condition: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const check = (): void => {
      if (condition()) {
        model.changed.disconnect(check);
        resolve();
      }
    };
    model.changed.connect(check);
    check();
  });
}

function text(model: LogModel): string {
  return Array.from(model.buffer.from(0))
    .map(({ rank, text }) => `${rank}:${text}`)
    .join('|');
}

describe('LogModel', () => {
  let isOver: boolean;
  let answers: IAnswer[];
  let table: RequestTable;
  let model: LogModel;

  beforeEach(() => {
    isOver = true;
    answers = [];
    table = new RequestTable({
      'GET jobs/train/logs': () => answers.shift() ?? { status: 500 }
    });
    model = new LogModel(
      table.api,
      { job: 'train', nodes: 2, attempt: null, previous: false },
      () => isOver
    );
  });

  afterEach(() => {
    model.dispose();
  });

  it('reads the log of a finished job to its end', async () => {
    answers = [{ body: stream(['[0] epoch 1/2\n[1] a', 'b\n[0] last']) }];
    model.start();
    await until(model, () => model.state === 'complete');
    expect(text(model)).toBe('0:epoch 1/2|1:ab|0:last');
    expect(Array.from(model.of(1).from(0))).toMatchObject([
      { number: 0, rank: 1, text: 'ab' }
    ]);
    expect(table.asked).toEqual([
      'GET jobs/train/logs?timestamps=true&follow=true&tail=10000'
    ]);
  });

  it('says that it connects again, and then has each line once', async () => {
    answers = [
      { body: stream(['[0] a\n[0] b\n'], true) },
      { body: stream(['[0] a\n[0] b\n[0] c\n']) }
    ];
    model.start();
    await until(model, () => model.problem !== null);
    expect(model.state).toBe('reconnecting');
    expect(text(model)).toBe('0:a|0:b');
    model.start();
    await until(model, () => model.state === 'complete');
    expect(text(model)).toBe('0:a|0:b|0:c');
  });

  it('goes on when the stream ends before the job does', async () => {
    isOver = false;
    answers = [
      { body: stream(['[0] a\n']) },
      { body: stream(['[0] a\n[0] b\n']) }
    ];
    model.start();
    await until(
      model,
      () => model.state === 'reconnecting' && model.buffer.total > 0
    );
    isOver = true;
    model.start();
    await until(model, () => model.state === 'complete');
    expect(text(model)).toBe('0:a|0:b');
  });

  it('reads an earlier attempt, and containers before the present ones', async () => {
    answers = [{ body: stream(['[1] a\n']) }];
    const source = { job: 'train', nodes: 100, attempt: 2, previous: true };
    model = new LogModel(table.api, source, () => true);
    model.start();
    await until(model, () => model.state === 'complete');
    expect(table.asked).toEqual([
      'GET jobs/train/logs?attempt=2&previous=true&timestamps=true&follow=false&tail=1000'
    ]);
    expect(table.api.jobs.logAddress(source, 1, true)).toBe(
      'http://localhost/user/a%40b/trainhub/api/jobs/train/logs?attempt=2&previous=true&rank=1&timestamps=true&download=true'
    );
  });
});
