/** The front end of the widgets in cell outputs, which Python sends: jupyter_trainhub/widgets. */
import { parseAnsi } from '../jobs/log/ansi';

/* eslint-disable @typescript-eslint/no-explicit-any -- JavaScript, outside of what is compiled here. */
const load = (name: string): any =>
  jest.requireActual(`../../../jupyter_trainhub/widgets/front_end/${name}`);
const { plain, styled } = load('ansi.js');
const { bytes, duration } = load('elements.js');
const { still } = load('facts.js');
const { Ring, parseLine } = load('lines.js');
const { LogPane } = load('log.js');
const { Search } = load('search.js');
const { ask } = load('server.js');
const { CHINESE, say } = load('words.js');

const ESC = '\u001b[';
const NAMES = 'black red green yellow blue magenta cyan white'.split(' ');

describe('styled', () => {
  it.each([
    'plain',
    `${ESC}31mred${ESC}0m and not`,
    `${ESC}1;4mboth${ESC}22munderlined${ESC}24m`,
    `${ESC}92;45mintense on magenta${ESC}39;49mnone`,
    `${ESC}38;5;196mcube${ESC}48;5;240mgrey${ESC}m.`,
    `${ESC}38;2;1;20;255mexact${ESC}0m`,
    `${ESC}38;5;9mnamed by number`,
    `${ESC}2K${ESC}1Gmoved`,
    `<b>${ESC}32m&amp;</b>`
  ])('has the styles of the log on the page of a job: %j', line => {
    const seen = styled(line);
    const expected = parseAnsi(line);
    expect(seen.map((part: any) => part.text)).toEqual(
      expected.map(({ text }) => text)
    );
    seen.forEach((part: any, at: number) => {
      const { classes, color, background } = expected[at];
      expect(part.bold).toBe(classes.includes('ansi-bold'));
      expect(part.underline).toBe(classes.includes('ansi-underline'));
      for (const [layer, exact, own] of [
        ['fg', color, part.color],
        ['bg', background, part.background]
      ]) {
        const named = classes
          .map(name =>
            new RegExp(`ansi-(\\w+?)(-intense)?-${layer}`).exec(name)
          )
          .find(match => match);
        expect(own).toBe(named ? colourOf(named[1], !!named[2]) : exact);
      }
    });
  });

  /** The colour that the name has in a line of its own. */
  function colourOf(name: string, isIntense: boolean): string {
    const code = NAMES.indexOf(name) + (isIntense ? 90 : 30);
    return styled(`${ESC}${code}mx`)[0].color;
  }

  it('leaves links and what was cut off out', () => {
    expect(plain(`\u001b]8;;http://a\u0007link\u001b]8;;\u0007${ESC}`)).toBe(
      'link'
    );
  });
});

describe('Ring', () => {
  it('keeps the last lines, knows what is missing and takes none twice', () => {
    const ring = new Ring(3);
    ring.push(5, ['[0] a', '[1] b']);
    expect(ring.missing).toBe(5);
    expect(ring.push(6, ['[1] b', '[0] c', 'd'])).toEqual([
      { number: 7, rank: 0, text: 'c' },
      { number: 8, rank: null, text: 'd' }
    ]);
    expect(ring.of(null).map((line: any) => line.text)).toEqual([
      'b',
      'c',
      'd'
    ]);
    expect(ring.of(1).map((line: any) => line.number)).toEqual([6]);
    // Lines that were too fast to be sent.
    ring.push(100, ['e']);
    expect([ring.next, ring.missing, ring.first]).toEqual([101, 98, 7]);
  });

  it('stays small under a flood', () => {
    const ring = new Ring(10);
    for (let number = 0; number < 1000; number += 7) {
      ring.push(number, Array(7).fill('x'));
    }
    expect(ring.of(null)).toHaveLength(10);
    expect(ring._lines.length).toBeLessThan(40);
  });

  it('shows what was written over in its last state', () => {
    expect(parseLine('[3] 1%\r50%\r100%\r', 0)).toEqual({
      number: 0,
      rank: 3,
      text: '100%'
    });
  });
});

describe('Search', () => {
  it('goes from the newest to older ones and round', () => {
    const search = new Search();
    search.clear('Loss');
    search.add([
      { number: 1, rank: 0, text: `${ESC}31mlo${ESC}0mss` },
      { number: 2, rank: 0, text: 'none' },
      { number: 3, rank: 0, text: 'LOSS 2' }
    ]);
    expect(search.found).toEqual([1, 3]);
    expect(search.step(false)).toBe(3);
    expect(search.step(false)).toBe(1);
    expect(search.position).toBe(1);
    expect(search.step(false)).toBe(3);
    expect(search.step(true)).toBe(1);
    search.drop(2);
    expect(search.has(1)).toBe(false);
    expect(search.step(true)).toBe(3);
  });
});

describe('LogPane', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const texts = (pane: any): (string | null)[] =>
    Array.from<Element>(pane.element.querySelectorAll('.trainhub-line')).map(
      row => row.textContent
    );
  const press = (pane: any, name: string): void => {
    const buttons = Array.from<HTMLButtonElement>(
      pane.element.querySelectorAll('button')
    );
    buttons.find(({ textContent }) => textContent?.startsWith(name))!.click();
  };

  it('waits while it is paused, and shows one rank', () => {
    const pane = new LogPane({ rank: null, download: null, readAll: null });
    pane.push(0, ['[0] <i>', '[1] b']);
    jest.runAllTimers();
    expect(texts(pane)).toEqual(['[0] <i>', '[1] b']);
    press(pane, 'Pause');
    pane.push(2, ['[0] c']);
    jest.runAllTimers();
    expect(texts(pane)).toHaveLength(2);
    press(pane, 'Resume (1 new)');
  });

  it('offers what is not here', async () => {
    const readAll = jest.fn();
    const pane = new LogPane({ rank: 1, download: null, readAll });
    pane.push(7, ['[0] a', '[1] b']);
    jest.runAllTimers();
    expect(texts(pane)).toEqual(['b']);
    expect(pane.element.textContent).toContain('7 earlier lines');
    press(pane, 'Read them');
    expect(readAll).toHaveBeenCalled();
    pane.replace(0, ['[1] z']);
    jest.runAllTimers();
    expect(texts(pane)).toEqual(['z']);
  });

  it('takes in a flood bit by bit', () => {
    const pane = new LogPane({ rank: null, download: null, readAll: null });
    pane.push(0, Array(50_000).fill('x'));
    jest.advanceTimersByTime(100);
    expect(texts(pane)).toHaveLength(1000);
    expect(pane.ring.missing).toBe(30_000);
  });
});

describe('still', () => {
  it('escapes all that a job says of itself', () => {
    const view = {
      name: '<b>',
      phase: 'Failed',
      message: '<script>',
      pods: []
    };
    const html = still(view, ['<img>'], 3);
    expect(html).not.toMatch(/<(script|img)/);
    expect(html).toContain('&lt;img&gt;');
    expect(html).toContain('2 earlier lines are not shown.');
  });
});

describe('ask', () => {
  afterEach(() => document.head.replaceChildren());

  it('sends what the page sends, and tells refusals from pages without TrainHub', async () => {
    await expect(ask('GET', 'jobs/a')).rejects.toMatchObject({
      isAnswer: false
    });
    const config = document.createElement('script');
    config.id = 'jupyter-config-data';
    config.type = 'application/json';
    config.textContent = '{"baseUrl": "/user/a%40b/", "token": "t"}';
    document.head.append(config);
    document.cookie = '_xsrf=2|x|y';
    const answer = {
      message: 'no',
      reason: 'Conflict',
      details: { remedy: 'Do.' }
    };
    const fetch = jest.fn(async (url: string, init: any) => ({
      ok: false,
      status: 409,
      json: async () => answer
    }));
    (globalThis as any).fetch = fetch;
    await expect(ask('PATCH', 'jobs/a', { a: 1 })).rejects.toMatchObject({
      message: 'no. Do.',
      isAnswer: true
    });
    const [url, init] = fetch.mock.calls[0];
    expect(url).toBe('/user/a%40b/trainhub/api/jobs/a');
    expect(init).toMatchObject({
      credentials: 'same-origin',
      headers: { Authorization: 'token t', 'X-XSRFToken': '2|x|y' }
    });
  });
});

describe('words', () => {
  afterEach(() => document.documentElement.removeAttribute('lang'));

  it('are said in the language of the page', () => {
    expect(say('%1 steps/s', 2)).toBe('2 steps/s');
    document.documentElement.lang = 'zh-CN';
    expect(say('Rank %1', 3)).toBe('Rank 3');
    expect(say('Pause')).toBe('暂停');
    for (const [english, chinese] of Object.entries<string>(CHINESE)) {
      const places = (text: string): string[] =>
        (text.match(/%\d/g) ?? []).sort();
      expect(places(chinese)).toEqual(places(english));
    }
  });

  it('tell amounts', () => {
    expect([bytes(0), bytes(1536), bytes(64 * 2 ** 30)]).toEqual([
      '0 B',
      '1.5 KiB',
      '64 GiB'
    ]);
    expect([duration(59.6), duration(5), duration(7290)]).toEqual([
      '1 min 0 s',
      '5 s',
      '2 h 1 min'
    ]);
  });
});
