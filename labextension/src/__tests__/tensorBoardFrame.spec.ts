import { FrameKeeper } from '../tensorboards/frameKeeper';

const ADDRESS = 'http://localhost/hub/trainhub/tensorboards/1/';

/** A frame with a page of its own, which TensorBoard has written or something before it. */
function frame(html = '<tb-webapp></tb-webapp>'): HTMLIFrameElement {
  const page = document.implementation.createHTMLDocument();
  page.body.innerHTML = html;
  return {
    src: '',
    contentDocument: page,
    contentWindow: {
      location: { href: ADDRESS, search: '?smoothing=0.9', hash: '#scalars' }
    }
  } as unknown as HTMLIFrameElement;
}

describe('FrameKeeper', () => {
  let isLight: boolean;
  let keeper: FrameKeeper;

  beforeEach(() => {
    jest.useFakeTimers();
    isLight = true;
    keeper = new FrameKeeper(() => isLight);
  });

  afterEach(() => {
    keeper.dispose();
    jest.useRealTimers();
  });

  it('leads the next frame to the place of the one before', () => {
    const first = frame();
    keeper.attach(first, ADDRESS);
    expect(first.src).toBe(ADDRESS);
    keeper.loaded();
    keeper.attach(null, ADDRESS);
    const next = frame();
    keeper.attach(next, 'http://localhost/other/');
    expect(next.src).toBe('http://localhost/other/?smoothing=0.9#scalars');
  });

  it('has TensorBoard choose where to begin once there is something to see', () => {
    keeper.attach(frame(), ADDRESS);
    keeper.loaded();
    keeper.restart();
    expect(keeper.isReady).toBeNull();
    keeper.attach(null, ADDRESS);
    const next = frame();
    keeper.attach(next, ADDRESS);
    expect([keeper.key, next.src]).toEqual([1, ADDRESS]);
  });

  it('loads anew what was not TensorBoard, but not for ever', () => {
    for (let load = 0; load < 9; load++) {
      keeper.attach(frame('<p>503</p>'), ADDRESS);
      keeper.loaded();
      keeper.retry();
      jest.advanceTimersByTime(10_000);
    }
    expect(keeper.isReady).toBe(false);
    expect(keeper.key).toBe(5);
    keeper.attach(frame(), ADDRESS);
    keeper.loaded();
    expect(keeper.isReady).toBe(true);
  });

  it('has TensorBoard believe that it is hidden, and told when it is seen', () => {
    const shown = frame();
    const page = shown.contentDocument!;
    const heard: string[] = [];
    page.addEventListener('visibilitychange', () =>
      heard.push(page.visibilityState)
    );
    keeper.attach(shown, ADDRESS);
    keeper.isHidden = true;
    keeper.loaded();
    expect(page.hidden).toBe(true);
    keeper.isHidden = false;
    expect(heard).toEqual(['hidden', 'visible']);
  });

  it('follows the theme, once it is seen', () => {
    keeper.attach(frame(), ADDRESS);
    keeper.loaded();
    keeper.isHidden = true;
    isLight = false;
    keeper.followTheme();
    expect(keeper.key).toBe(0);
    keeper.isHidden = false;
    expect(keeper.key).toBe(1);
    keeper.attach(frame(), ADDRESS);
    expect(localStorage.getItem('_tb_global_settings')).toContain('"dark"');
  });
});
