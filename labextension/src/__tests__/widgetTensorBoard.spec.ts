/** A TensorBoard in a cell's output: jupyter_trainhub/widgets/front_end/tensorboard.js. */

/* eslint-disable @typescript-eslint/no-explicit-any -- JavaScript, outside of what is compiled here. */
const { openTensorBoard, renderTensorBoard } = jest.requireActual(
  '../../../jupyter_trainhub/widgets/front_end/tensorboard.js'
);

const VIEW = {
  id: 'abc',
  name: 'runs',
  where: 'local',
  folders: ['/data/runs'],
  phase: 'Starting',
  message: '',
  remedy: '',
  url: 'trainhub/tensorboards/abc/',
  waiting: false,
  memory: { used: null, limit: null },
  notes: []
};

let ending: AbortController;
let el: HTMLElement;
let sent: any[];
let asked: [string, string, any][];
let answers: Record<string, any>;

/** A widget whose kernel has told `state`. */
function show(state: Record<string, any>, direct = ''): any {
  const values: Record<string, any> = {
    view: { ...VIEW, ...state },
    height: 400,
    direct,
    address: 'http://elsewhere/'
  };
  let heard: () => void = () => undefined;
  const model = {
    get: (name: string) => values[name],
    set: (name: string, value: any) => (values[name] = value),
    save_changes: jest.fn(),
    on: (_: string, call: () => void) => (heard = call),
    off: () => undefined,
    send: (content: object) => sent.push(content),
    tell: (change: object) => {
      values.view = { ...values.view, ...change };
      heard();
    }
  };
  renderTensorBoard({ model, el, signal: ending.signal });
  return model;
}

const frame = () => el.querySelector('iframe');
const splash = () => el.querySelector<HTMLElement>('.trainhub-splash')!;
const button = (text: string) =>
  Array.from(el.querySelectorAll('button')).find(
    each => each.textContent === text
  )!;
const settle = () => new Promise(resolve => setTimeout(resolve));

beforeEach(() => {
  ending = new AbortController();
  sent = [];
  asked = [];
  answers = {};
  el = document.createElement('div');
  document.body.replaceChildren(el);
  document.body.dataset.baseUrl = '/user/a%40b/';
  document.body.dataset.jpThemeLight = 'true';
  (globalThis as any).fetch = jest.fn(async (url: string, init: any) => {
    const route = url.replace('/user/a%40b/trainhub/api/', '');
    asked.push([init.method, route, init.body && JSON.parse(init.body)]);
    const answer = answers[`${init.method} ${route}`];
    return {
      ok: !!answer,
      status: answer ? 200 : 500,
      json: async () => answer
    };
  });
});

afterEach(() => ending.abort());

it('loads the frame while TensorBoard starts, and shows it when there is something', () => {
  const model = show({ message: 'The image is pulled.' });
  const first = frame()!;
  expect(first.getAttribute('src')).toBe(
    '/user/a%40b/trainhub/tensorboards/abc/'
  );
  expect(first.getAttribute('sandbox')).toContain('allow-same-origin');
  expect(first.getAttribute('sandbox')).not.toContain('allow-top-navigation');
  expect(splash().hidden).toBe(false);
  expect(splash().textContent).toContain('The image is pulled.');
  model.tell({ phase: 'Running', waiting: true, message: '' });
  expect(splash().textContent).toContain('There is nothing to show yet');
  model.tell({ waiting: false });
  expect(splash().hidden).toBe(true);
  // It was not loaded anew.
  expect(frame()).toBe(first);
});

it('shows an empty page to those who insist', () => {
  show({ phase: 'Running', waiting: true });
  button('Show it nevertheless').click();
  expect(splash().hidden).toBe(true);
});

it('tells why it failed, with the log, and starts again', async () => {
  answers['GET tensorboards/abc/log'] = { log: 'No module named x' };
  answers['PATCH tensorboards/abc'] = { ...VIEW, phase: 'Starting' };
  const model = show({ phase: 'Running' });
  model.tell({
    phase: 'Failed',
    message: 'It has no x.',
    remedy: 'Install x.'
  });
  expect(frame()).toBeNull();
  expect(el.textContent).toContain('It has no x. Install x.');
  await settle();
  await settle();
  expect(el.querySelector('pre')!.textContent).toBe('No module named x');
  button('Start again').click();
  await settle();
  expect(asked.pop()).toEqual([
    'PATCH',
    'tensorboards/abc',
    { state: 'running' }
  ]);
  await settle();
  expect(frame()).not.toBeNull();
});

it('keeps one that is stopped, to be started again', async () => {
  answers['PATCH tensorboards/abc'] = {
    ...VIEW,
    phase: 'Stopped',
    message: 'You stopped it.'
  };
  show({ phase: 'Running' });
  button('Stop').click();
  await settle();
  await settle();
  expect(frame()).toBeNull();
  expect(el.textContent).toContain('You stopped it.');
  expect(button('Start again').hidden).toBe(false);
});

it('adds runs, by which it may become another one', async () => {
  const folders = ['/data/runs', 'b:/data/b'];
  const other = { ...VIEW, id: 'def', folders, phase: 'Running' };
  other.url = 'trainhub/tensorboards/def/';
  answers['PUT tensorboards/abc'] = other;
  const model = show({ phase: 'Running' });
  button('Add runs').click();
  el.querySelector('input')!.value = 'b:/data/b';
  el.querySelector('form')!.dispatchEvent(new Event('submit'));
  await settle();
  await settle();
  expect(asked).toContainEqual(['PUT', 'tensorboards/abc', { folders }]);
  expect(frame()!.getAttribute('src')).toContain('/def/');
  expect(model.get('view').id).toBe('def');
  expect(model.save_changes).toHaveBeenCalled();
});

it('shows how much memory it has, and what is worth knowing', () => {
  show({
    phase: 'Running',
    memory: { used: 120 << 20, limit: 4 * 2 ** 30 },
    notes: [{ id: 'slow-loader', message: 'It reads slowly here.' }]
  });
  expect(el.querySelector('.trainhub-note')).not.toBeNull();
  expect(el.textContent).toContain('Memory: 120 MiB of 4.0 GiB');
  expect(el.textContent).toContain('It reads slowly here.');
});

it('follows the theme of the page', async () => {
  // The frame is loaded anew, which jsdom does not do and says.
  const said = jest.spyOn(console, 'error').mockImplementation();
  show({ phase: 'Running' });
  const theme = () =>
    JSON.parse(localStorage.getItem('_tb_global_settings')!).theme;
  expect(theme()).toBe('light');
  document.body.dataset.jpThemeLight = 'false';
  await settle();
  expect(theme()).toBe('dark');
  expect(String(said.mock.calls[0]?.[0])).toContain('navigation');
  said.mockRestore();
});

describe('on a page without a Jupyter server', () => {
  beforeEach(() => {
    delete document.body.dataset.baseUrl;
  });

  it('shows the TensorBoard of the same machine, and acts through the kernel', async () => {
    show({ phase: 'Running' }, 'http://127.0.0.1:1/secret/');
    expect(frame()!.getAttribute('src')).toBe('http://127.0.0.1:1/secret/');
    expect(button('Add runs').hidden).toBe(true);
    button('Stop').click();
    await settle();
    expect(sent).toContainEqual({ ask: 'stop' });
  });

  it('says where it is when it cannot be shown', () => {
    show({ phase: 'Running' });
    expect(frame()).toBeNull();
    expect(splash().textContent).toContain('http://elsewhere/');
  });
});

it('opens the TensorBoard of a job where the page shows it', async () => {
  answers['POST tensorboards'] = VIEW;
  const details: any[] = [];
  el.addEventListener('trainhub:open', (event: any) => {
    event.preventDefault();
    details.push(event.detail);
  });
  const act = async (method: string, path: string, body: any) => {
    expect([method, path, body]).toEqual([
      'POST',
      'tensorboards',
      { job: 'j' }
    ]);
    return VIEW;
  };
  await openTensorBoard(el, { act }, 'j');
  expect(details).toEqual([
    { kind: 'tensorboard', id: 'abc', folders: ['/data/runs'] }
  ]);
});
