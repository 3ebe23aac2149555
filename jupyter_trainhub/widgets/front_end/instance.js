import { askingButton, button, make } from './elements.js';
import { Head, open } from './head.js';
import { part } from './server.js';
import { watchView } from './watching.js';
import { say } from './words.js';

/** Milliseconds between two looks: while it changes, and else. */
const SOON = 2_000;
const LATER = 15_000;

const CHANGING = ['Pending', 'Starting', 'Stopping'];

/**
 * An instance, looked at through the server.
 *
 * @param {{model: import('./head.js').Model, el: HTMLElement, signal: AbortSignal}} context
 */
export function renderInstance({ model, el, signal }) {
  const route = `instances/${part(model.get('name'))}`;
  /** @type {import('./head.js').View} */
  let view = model.get('view');

  /** @param {import('./head.js').View | null} now */
  const show = now => {
    view = now ?? view;
    head.update(view);
    start.hidden = view.phase !== 'Stopped';
    stop.hidden = view.phase !== 'Running';
    // One that cannot start needs no question.
    cancel.hidden = !['Pending', 'Starting', 'Failed'].includes(view.phase);
    enter.disabled = !view.ready;
  };
  const start = button(say('Start'), async () =>
    show(await head.act('PATCH', route, { state: 'running' }, 'start'))
  );
  const stop = askingButton(say('Stop'), say('Stop it?'), async () =>
    show(await head.act('PATCH', route, { state: 'stopped' }, 'stop'))
  );
  const cancel = askingButton(say('Cancel'), say('Delete it?'), async () => {
    if (await head.act('DELETE', route, undefined, 'delete')) {
      gone();
    }
  });
  const enter = button(say('Open'), () =>
    open(el, { kind: 'instance', name: view.name }, view.url)
  );
  const head = new Head(model, [start, stop, cancel, enter]);
  const gone = () => {
    [start, stop, cancel, enter].forEach(action => {
      action.hidden = true;
    });
    head.note(say('It is no longer there; this is how it was seen last.'));
  };
  el.append(make('div', { class: 'trainhub' }, head.element));

  watchView({ model, el, signal }, route, {
    show,
    refused: ({ reason }) => {
      if (reason === 'NotFound') {
        gone();
      }
      return reason === 'NotFound';
    },
    pause: () => (CHANGING.includes(view.phase) ? SOON : LATER)
  });
}
