import { button, bytes, make } from './elements.js';
import { Head, open } from './head.js';
import { ask, baseUrl, part } from './server.js';
import { watchView } from './watching.js';
import { say } from './words.js';

/** Where TensorBoard keeps its settings, on the origin that it shares with this page. */
const SETTINGS = '_tb_global_settings';

/** As in JupyterLab's own tabs: it needs the page's origin, but must not replace the page. */
const SANDBOX =
  'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals';

/**
 * A TensorBoard in a frame. The frame loads while TensorBoard starts, behind what is told of it,
 * and is seen once there is something in it.
 *
 * @param {{model: import('./head.js').Model, el: HTMLElement, signal: AbortSignal}} context
 */
export function renderTensorBoard({ model, el, signal }) {
  /** @type {import('./head.js').View} */
  let view = model.get('view');
  let isImpatient = false;
  const route = () => `tensorboards/${part(view.id)}`;
  const hasServer = baseUrl() !== null;
  // A page that is not the server's reaches the TensorBoard itself, on one and the same machine.
  const source = () =>
    hasServer ? `${baseUrl()}${view.url}` : model.get('direct');

  /** @param {string} state @param {string} kernels */
  const turn = async (state, kernels) =>
    show(await head.act('PATCH', route(), { state }, kernels));
  const stop = button(say('Stop'), () => turn('stopped', 'stop'));
  const start = button(say('Start again'), () => turn('running', 'start'));
  const add = button(say('Add runs'), () => {
    form.hidden = !form.hidden;
    folder.focus();
  });
  const newTab = button(say('Open in a new tab'), () =>
    window.open(source() || model.get('address'), '_blank', 'noopener')
  );
  const head = new Head(model, [start, add, stop, newTab]);
  const folder = make('input', {
    type: 'text',
    required: true,
    placeholder: say('FOLDER or NAME:FOLDER'),
    'aria-label': say('Folder to add')
  });
  const form = make(
    'form',
    {
      hidden: true,
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        const folders = [...view.folders, folder.value];
        const now = await head.act('PUT', route(), { folders });
        if (now) {
          form.hidden = true;
          folder.value = '';
          // It may be another TensorBoard now, which the kernel should know of.
          model.set('view', now);
          model.save_changes();
          show(now);
        }
      }
    },
    folder,
    make('button', { class: 'trainhub-button' }, say('Add'))
  );
  const usage = make('div', { class: 'trainhub-note' });
  const told = make('p', { role: 'status' });
  const look = button(say('Show it nevertheless'), () => {
    isImpatient = true;
    show(view);
  });
  const log = make('pre', { class: 'trainhub-log', hidden: true });
  const splash = make('div', { class: 'trainhub-splash' }, told, look, log);
  const body = make('div', { class: 'trainhub-board' }, splash);
  el.append(
    make('div', { class: 'trainhub' }, head.element, form, usage, body)
  );

  /** @param {boolean} isThere */
  const showFrame = isThere => {
    const address = isThere ? source() : '';
    const frame = body.querySelector('iframe');
    if (frame?.getAttribute('src') === address) {
      return;
    }
    frame?.remove();
    if (address) {
      presetTheme();
      const made = make('iframe', {
        src: address,
        title: 'TensorBoard',
        sandbox: SANDBOX,
        allow: 'clipboard-read; clipboard-write; fullscreen'
      });
      made.style.height = `${model.get('height')}px`;
      body.prepend(made);
    }
  };

  /** @param {import('./head.js').View | null} now */
  const show = now => {
    view = now ?? view;
    const { phase } = view;
    const isLive = phase === 'Starting' || phase === 'Running';
    const isSeen = phase === 'Running' && (!view.waiting || isImpatient);
    isImpatient &&= isLive;
    // What is told in the splash need not stand above it, too.
    const { message, remedy } = view;
    head.update({
      ...view,
      name: view.name || 'TensorBoard',
      message: isLive ? '' : message,
      remedy: isLive ? '' : remedy
    });
    start.hidden = isLive || view.where === 'found';
    stop.hidden = !isLive;
    add.hidden = !isLive || !hasServer || view.where === 'found';
    form.hidden ||= add.hidden;
    newTab.hidden = !isLive;
    usage.textContent = facts(view);
    usage.hidden = !usage.textContent;
    showFrame(isLive);
    look.hidden = !(phase === 'Running' && view.waiting);
    told.textContent = splashWords(view, source(), model.get('address'));
    splash.hidden = (isSeen && !!source()) || (!isLive && phase !== 'Failed');
    log.hidden = phase !== 'Failed' || !log.textContent;
  };
  const tellLog = async () => {
    log.textContent =
      view.log ?? (await (await ask('GET', `${route()}/log`)).json()).log;
    log.hidden = !log.textContent;
  };
  followTheme(() => {
    presetTheme();
    const frame = body.querySelector('iframe');
    if (frame && hasServer) {
      // TensorBoard reads its settings when it is loaded; the address keeps what it shows.
      frame.contentWindow?.location.reload();
    }
  }, signal);
  watchView({ model, el, signal }, route, {
    show: now => {
      show(now);
      if (view.phase === 'Failed' && !log.textContent) {
        // The reason stands above; the log is more of it.
        tellLog().catch(() => undefined);
      }
    },
    refused: ({ reason }) => {
      if (reason === 'NotFound') {
        show({ ...view, phase: 'Stopped', where: 'found' });
        head.note(
          say('It is no longer there; run the cell again to start another one.')
        );
      }
      return reason === 'NotFound';
    },
    pause: () =>
      view.phase === 'Starting' ? 500 : view.waiting ? 2_000 : 10_000
  });
}

/**
 * What covers the frame as long as there is nothing in it.
 *
 * @param {import('./head.js').View} view
 * @param {string} source of the frame
 * @param {string} address of the page for those who go there
 */
function splashWords({ phase, waiting, message }, source, address) {
  if (phase === 'Failed') {
    return say('TensorBoard did not start');
  }
  if (phase === 'Starting') {
    return message || say('TensorBoard is starting…');
  }
  if (!source) {
    return say(
      'This page reaches no Jupyter server. TensorBoard is at %1',
      address
    );
  }
  return waiting
    ? message || say('There is nothing to show yet; it appears by itself.')
    : '';
}

/**
 * What it holds, and what is worth knowing of it.
 *
 * @param {import('./head.js').View} view
 */
function facts({ memory, notes }) {
  const told = (notes ?? []).map(
    (/** @type {{message: string}} */ { message }) => message
  );
  if (memory?.used) {
    const used = bytes(memory.used);
    told.unshift(
      memory.limit
        ? say('Memory: %1 of %2', used, bytes(memory.limit))
        : say('Memory: %1', used)
    );
  }
  return told.join(' · ');
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
 * @param {() => void} changed is called when the page turns light or dark
 * @param {AbortSignal} signal ends it
 */
function followTheme(changed, signal) {
  let theme = document.body.dataset.jpThemeLight;
  const observer = new MutationObserver(() => {
    if (document.body.dataset.jpThemeLight !== theme) {
      theme = document.body.dataset.jpThemeLight;
      changed();
    }
  });
  observer.observe(document.body, { attributeFilter: ['data-jp-theme-light'] });
  signal.addEventListener('abort', () => observer.disconnect());
}

/**
 * Opens the TensorBoard of the folders that a job logs to.
 *
 * @param {HTMLElement} el
 * @param {Head} head
 * @param {string} job
 */
export async function openTensorBoard(el, head, job) {
  const board = await head.act('POST', 'tensorboards', { job });
  if (board) {
    open(
      el,
      { kind: 'tensorboard', id: board.id, folders: board.folders },
      board.url
    );
  }
}
