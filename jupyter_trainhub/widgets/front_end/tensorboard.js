import { button, make } from './elements.js';
import { Head, open } from './head.js';
import { ask, baseUrl, part } from './server.js';
import { watchView } from './watching.js';
import { say } from './words.js';

/** Where TensorBoard keeps its settings, on the origin that it shares with this page. */
const SETTINGS = '_tb_global_settings';

/** Where training programs write what TensorBoard shows, below the folder that they run in. */
const LOG_FOLDERS = ['runs', 'lightning_logs', 'logs', ''];

/**
 * A TensorBoard in a frame, once it answers.
 *
 * @param {{model: import('./head.js').Model, el: HTMLElement, signal: AbortSignal}} context
 */
export function renderTensorBoard({ model, el, signal }) {
  /** @type {import('./head.js').View} */
  let view = model.get('view');
  const route = `tensorboards/${part(view.id)}`;
  const stop = button(say('Stop'), async () => {
    if (await head.act('DELETE', route, undefined, 'stop')) {
      show({ ...view, phase: 'Stopped' });
    }
  });
  const head = new Head(model, [
    stop,
    button(say('Open in a new tab'), () =>
      window.open(source(), '_blank', 'noopener')
    )
  ]);
  const body = make('div');
  el.append(make('div', { class: 'trainhub' }, head.element, body));
  // A page that is not the server's reaches the TensorBoard itself, on one and the same machine.
  const source = () => {
    const base = baseUrl();
    return base === null ? model.get('direct') : `${base}${view.url}`;
  };

  /** @param {import('./head.js').View} now */
  const show = now => {
    view = now;
    head.update({ ...view, name: view.name ?? 'TensorBoard' });
    stop.hidden = view.phase === 'Stopped' || view.phase === 'Failed';
    if (view.phase !== 'Running') {
      body.replaceChildren(
        view.phase === 'Starting' ? say('TensorBoard is starting…') : ''
      );
    } else if (!body.querySelector('iframe')) {
      presetTheme();
      const frame = make('iframe', { src: source(), title: 'TensorBoard' });
      frame.style.height = `${model.get('height')}px`;
      body.replaceChildren(frame);
    }
  };
  watchView({ model, el, signal }, route, {
    show,
    refused: ({ reason }) => {
      if (reason === 'NotFound') {
        show({ ...view, phase: 'Stopped' });
      }
      return reason === 'NotFound';
    },
    pause: () => (view.phase === 'Starting' ? 1_000 : 10_000)
  });
}

/** Gives TensorBoard the theme of the page. */
function presetTheme() {
  const isDark = document.body.dataset.jpThemeLight === 'false';
  try {
    const settings = JSON.parse(localStorage.getItem(SETTINGS) ?? '{}');
    const theme = isDark ? 'dark' : 'light';
    localStorage.setItem(
      SETTINGS,
      JSON.stringify({ autoReload: true, ...settings, theme })
    );
  } catch {
    // A page without storage, or with something else in it: TensorBoard has its own theme.
  }
}

/**
 * Opens the TensorBoard of the first folder with logs below the one that the job runs in.
 *
 * @param {HTMLElement} el
 * @param {Head} head
 * @param {string | null} folder
 */
export async function openTensorBoard(el, head, folder) {
  for (const name of folder === null ? [] : LOG_FOLDERS) {
    const path = [folder, name].filter(Boolean).join('/') || '/';
    try {
      const board = await (
        await ask('POST', 'tensorboards', { folders: [path] })
      ).json();
      open(
        el,
        { kind: 'tensorboard', id: board.id, folders: [path] },
        board.url
      );
      return;
    } catch (error) {
      const { message, reason } = /** @type {import('./server.js').Refusal} */ (
        error
      );
      if (reason !== 'NotFound') {
        head.note(message);
        return;
      }
    }
  }
  head.note(say('No folder with logs was found.'));
}
