import { parseAnsi } from '../jobs/log/ansi';
import { LogBuffer } from '../jobs/log/buffer';
import { LineSplitter, parseLine } from '../jobs/log/line';
import { LogRenderer } from '../jobs/log/renderer';

function texts(buffer: LogBuffer, first = 0): string[] {
  return Array.from(buffer.from(first)).map(({ text }) => text);
}

describe('parseLine', () => {
  it('takes the rank off', () => {
    expect(parseLine('[12] loss 0.5')).toEqual({ rank: 12, text: 'loss 0.5' });
    expect(parseLine('no rank')).toEqual({ rank: null, text: 'no rank' });
    expect(parseLine('[0] [1] nested')).toEqual({
      rank: 0,
      text: '[1] nested'
    });
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

describe('LogRenderer', () => {
  let host: HTMLElement;
  let buffer: LogBuffer;
  let renderer: LogRenderer;

  beforeEach(() => {
    host = document.createElement('pre');
    buffer = new LogBuffer(3);
    renderer = new LogRenderer(host);
  });

  it('adds only what is new and takes out what was dropped', () => {
    buffer.push(['[0] a', '[1] b'].map(parseLine));
    renderer.append(buffer);
    const second = host.children[1];
    buffer.push(['[0] c', '[1] d'].map(parseLine));
    renderer.append(buffer);
    expect(host.textContent).toBe('[1] b\n[0] c\n[1] d\n');
    expect(host.children[0]).toBe(second);
  });

  it('shows one rank', () => {
    buffer.push(['[0] a', '[1] b'].map(parseLine));
    renderer.reset(1);
    renderer.append(buffer);
    expect(host.textContent).toBe('[1] b\n');
  });

  it('never takes a text for markup', () => {
    buffer.push([parseLine('[0] <img src=x onerror=alert(1)>')]);
    renderer.append(buffer);
    expect(host.querySelector('img')).toBeNull();
    expect(host.textContent).toContain('<img');
  });
});
