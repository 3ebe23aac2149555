import { parseAnsi } from '../jobs/log/ansi';
import { LogBuffer } from '../jobs/log/buffer';
import { LineSplitter, isError, parseLine } from '../jobs/log/line';
import { LogSearch } from '../jobs/log/search';
import { LogWindow } from '../jobs/log/window';

function texts(buffer: LogBuffer, first = 0): string[] {
  return Array.from(buffer.from(first)).map(({ text }) => text);
}

describe('parseLine', () => {
  it('takes the rank off', () => {
    expect(parseLine('[12] loss 0.5')).toMatchObject({
      rank: 12,
      text: 'loss 0.5'
    });
    expect(parseLine('no rank')).toMatchObject({ rank: null, text: 'no rank' });
    expect(parseLine('[0] [1] nested')).toMatchObject({
      rank: 0,
      text: '[1] nested'
    });
  });

  it('takes the time off', () => {
    const time = '2026-11-22T02:00:00.123456789Z';
    expect(parseLine(`[1] ${time} loss 0.5`)).toEqual({
      rank: 1,
      time: '2026-11-22T02:00:00.123Z',
      text: 'loss 0.5'
    });
    expect(parseLine(`[1] ${time} ${time} own`).text).toBe(`${time} own`);
    expect(parseLine('[1] 2026-11-22 own').time).toBeNull();
  });

  it.each([
    ['Traceback (most recent call last):', true],
    ['\u001b[31mValueError: no\u001b[0m', true],
    ['torch.cuda.OutOfMemoryError: CUDA out of memory', true],
    ['2026-11-22 02:00 ERROR lost', true],
    ['node-1:7:7 NCCL WARN no socket', true],
    ['KeyboardInterrupt', true],
    ['epoch 1, error 0.1', false],
    ['TypeErrors: 3', false]
  ])('tells errors: %s', (text, isWrong) => {
    expect(isError(parseLine(text))).toBe(isWrong);
  });

  it('shows what a terminal would show after carriage returns', () => {
    expect(parseLine('[0] 10%\r50%\r100%\r').text).toBe('100%');
    expect(parseLine('[0] windows\r').text).toBe('windows');
  });
});

describe('LineSplitter', () => {
  it('joins lines and characters that chunks cut apart', () => {
    const bytes = new TextEncoder().encode('[0] né\n[1] b\nrest');
    const splitter = new LineSplitter();
    const lines = Array.from(bytes).flatMap(byte =>
      splitter.push(Uint8Array.of(byte))
    );
    expect(lines).toEqual(['[0] né', '[1] b']);
    expect(splitter.end()).toEqual(['rest']);
    expect(splitter.end()).toEqual([]);
  });
});

describe('LogBuffer', () => {
  it('keeps the last lines', () => {
    const buffer = new LogBuffer(3);
    buffer.push(['a', 'b', 'c', 'd', 'e'].map(parseLine));
    expect(texts(buffer)).toEqual(['c', 'd', 'e']);
    expect(buffer.total).toBe(5);
    expect(buffer.dropped).toBe(2);
  });

  it('gives the lines from a number on', () => {
    const buffer = new LogBuffer(3);
    buffer.push(['a', 'b'].map(parseLine));
    expect(texts(buffer, 1)).toEqual(['b']);
    buffer.push(['c', 'd'].map(parseLine));
    expect(texts(buffer, 1)).toEqual(['b', 'c', 'd']);
    expect(texts(buffer, 4)).toEqual([]);
  });
});

describe('parseAnsi', () => {
  it('gives the classes of JupyterLab', () => {
    expect(parseAnsi('a\u001b[1;31mb\u001b[0mc')).toMatchObject([
      { text: 'a', classes: [] },
      { text: 'b', classes: ['ansi-bold', 'ansi-red-fg'] },
      { text: 'c', classes: [] }
    ]);
    expect(parseAnsi('\u001b[92;44mx')[0].classes).toEqual([
      'ansi-green-intense-fg',
      'ansi-blue-bg'
    ]);
  });

  it('exchanges the colours of reversed text', () => {
    expect(parseAnsi('\u001b[31;7mx')[0].classes).toEqual([
      'ansi-black-fg',
      'ansi-red-bg'
    ]);
  });

  it('knows 256 colours and all colours', () => {
    expect(parseAnsi('\u001b[38;5;208mx')[0].color).toBe('rgb(255, 135, 0)');
    expect(parseAnsi('\u001b[48;5;232mx')[0].background).toBe('rgb(8, 8, 8)');
    expect(parseAnsi('\u001b[38;2;1;2;3mx')[0].color).toBe('rgb(1, 2, 3)');
  });

  it('leaves other control sequences out', () => {
    const shown = parseAnsi('\u001b[2Kdone\u001b[1A')
      .map(({ text }) => text)
      .join('');
    expect(shown).toBe('done');
  });
});

describe('LogWindow', () => {
  let host: HTMLElement;
  let buffer: LogBuffer;

  function push(count: number): void {
    const first = buffer.total;
    buffer.push(
      Array.from({ length: count }, (_, index) =>
        parseLine(`[0] ${first + index}`)
      )
    );
  }

  function shown(): string {
    const numbers = Array.from(host.children).map(
      line => (line as HTMLElement).dataset.number
    );
    return `${numbers[0]}-${numbers[numbers.length - 1]} ${numbers.length}`;
  }

  beforeEach(() => {
    host = document.createElement('pre');
    buffer = new LogBuffer(10_000);
  });

  it('adds only what is new', () => {
    push(2);
    const view = new LogWindow(host, buffer);
    const second = host.children[1];
    push(1);
    view.toEnd();
    expect(host.textContent).toBe('[0] 0\n[0] 1\n[0] 2\n');
    expect(host.children[1]).toBe(second);
  });

  it('costs a page however much has come', () => {
    const view = new LogWindow(host, buffer);
    push(25_000);
    view.toEnd();
    expect(shown()).toBe('24500-24999 500');
    for (let turn = 0; turn < 8; turn += 1) {
      push(300);
      view.toEnd();
    }
    expect(shown()).toBe('25400-27399 2000');
  });

  it('shows what the reader scrolls or goes to', () => {
    push(9_000);
    const view = new LogWindow(host, buffer);
    expect(view.earlier()).toBe(true);
    expect(shown()).toBe('8000-8999 1000');
    for (let turn = 0; turn < 4; turn += 1) {
      view.earlier();
    }
    expect(shown()).toBe('6000-7999 2000');
    expect(view.isAtEnd).toBe(false);
    view.later();
    expect(shown()).toBe('6500-8499 2000');
    expect(view.reveal(3)?.textContent).toBe('[0] 3\n');
    expect(shown()).toBe('0-252 253');
    expect(view.earlier()).toBe(false);
    view.toEnd();
    expect(shown()).toBe('8500-8999 500');
  });

  it('marks matches', () => {
    push(3);
    const view = new LogWindow(host, buffer);
    view.mark(number => number > 0, 2);
    expect(
      Array.from(host.children).map(({ classList }) =>
        ['jp-mod-match', 'jp-mod-current'].map(name => classList.contains(name))
      )
    ).toEqual([
      [false, false],
      [true, false],
      [true, true]
    ]);
  });
});

describe('LogSearch', () => {
  it('finds lines as they come, and goes from one to the next', () => {
    const buffer = new LogBuffer(4);
    const search = new LogSearch(buffer);
    buffer.push(['Loss 1', 'x', '\u001b[1mlo\u001b[0mss 2'].map(parseLine));
    search.update('LOSS');
    expect(search.count).toBe(2);
    expect([search.step(true), search.position]).toEqual([0, 1]);
    expect([search.step(true), search.position]).toEqual([2, 2]);
    expect(search.step(true)).toBe(0);
    expect(search.step(false)).toBe(2);
    buffer.push(['loss 3', 'y'].map(parseLine));
    search.update('LOSS');
    // The first line is no longer kept.
    expect([search.count, search.position]).toEqual([2, 1]);
    search.update('nothing');
    expect([search.count, search.step(true)]).toEqual([0, null]);
    search.update('y');
    expect(search.step(false)).toBe(4);
  });
});
