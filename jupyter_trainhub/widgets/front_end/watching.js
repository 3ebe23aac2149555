import { whileShown } from './elements.js';
import { ask } from './server.js';

/**
 * Shows what the kernel tells, and while the element is on the screen what the server tells. Where
 * no server answers, the kernel is asked to look.
 *
 * @param {{model: import('./head.js').Model, el: HTMLElement, signal: AbortSignal}} context
 * @param {string | (() => string)} route of the view that the model's `view` is a copy of
 * @param {{
 *   show: (view: any) => void,
 *   refused: (refusal: import('./server.js').Refusal) => boolean,
 *   pause: () => number
 * }} how `refused` tells whether nothing more can come; `pause` is in milliseconds
 */
export function watchView({ model, el, signal }, route, how) {
  const hear = () => how.show(model.get('view'));
  model.on('change:view', hear);
  signal.addEventListener('abort', () => model.off('change:view', hear));
  hear();
  whileShown(
    el,
    async () => {
      try {
        const path = typeof route === 'string' ? route : route();
        how.show(await (await ask('GET', path)).json());
      } catch (error) {
        const refusal = /** @type {import('./server.js').Refusal} */ (error);
        if (!refusal.isAnswer) {
          model.send({ ask: 'refresh' });
        } else if (how.refused(refusal)) {
          return 0;
        }
      }
      return how.pause();
    },
    signal
  );
}
