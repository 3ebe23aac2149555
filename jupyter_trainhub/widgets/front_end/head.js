import { make } from './elements.js';
import { ask, baseUrl } from './server.js';
import { say } from './words.js';

/**
 * What a widget shows: an object as TrainHub's REST interface tells it.
 *
 * @typedef {Record<string, any>} View
 * @typedef {object} Model anywidget's model of the kernel's half
 * @property {(name: string) => any} get
 * @property {(event: string, call: (...values: any[]) => void) => void} on
 * @property {(event: string, call: (...values: any[]) => void) => void} off
 * @property {(content: object) => void} send
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 */

/** @type {Record<string, string>} */
const TONES = {
  Running: 'running',
  Succeeded: 'good',
  Failed: 'bad',
  Pending: 'waiting',
  Starting: 'waiting',
  Stopping: 'waiting'
};

/** The name of an object, its phase, why it is in it, what can be done, and what came of that. */
export class Head {
  /**
   * @param {Model} model
   * @param {HTMLElement[]} actions
   */
  constructor(model, actions) {
    this._model = model;
    this._name = make('b');
    this._phase = make('span', { class: 'trainhub-phase', role: 'status' });
    this._attempt = make('span');
    this._why = make('p', { class: 'trainhub-why' });
    this._note = make('p', { class: 'trainhub-note', role: 'status' });
    this.element = make(
      'div',
      { class: 'trainhub-head' },
      make(
        'div',
        { class: 'trainhub-title' },
        this._name,
        this._phase,
        this._attempt,
        make('span', { class: 'trainhub-gap' }),
        ...actions
      ),
      this._why,
      this._note
    );
    this.note('');
  }

  /** @param {View} view */
  update(view) {
    this._name.textContent = view.name;
    this._phase.textContent = say(view.phase);
    this._phase.dataset.tone = TONES[view.phase] ?? 'off';
    this._attempt.textContent =
      view.attempts > 1
        ? say('Attempt %1 of %2', view.attempt, view.attempts)
        : '';
    this._why.textContent = why(view);
    this._why.hidden = !why(view);
  }

  /**
   * Says what the reader should know of the widget itself.
   *
   * @param {string} sentence
   */
  note(sentence) {
    this._note.textContent = sentence;
    this._note.hidden = !sentence;
  }

  /**
   * Asks the server for something and, where it is not reached, the kernel, which answers when it
   * is not busy. Null where the answer is still to come, or is a refusal, which is told.
   *
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {string} [kernels] what the kernel knows it by
   * @returns {Promise<View | null>}
   */
  async act(method, path, body, kernels) {
    this.note('');
    try {
      const response = await ask(method, path, body);
      return response.status === 204 ? {} : await response.json();
    } catch (error) {
      const refusal = /** @type {import('./server.js').Refusal} */ (error);
      if (refusal.isAnswer || !kernels) {
        this.note(refusal.message);
      } else {
        this._model.send({ ask: kernels });
        this.note(
          say(
            'The page reaches no TrainHub server, so the kernel is asked; it answers when its cell is done.'
          )
        );
      }
      return null;
    }
  }
}

/**
 * Why it is in its phase, and what would do.
 *
 * @param {View} view
 */
function why({ message, remedy }) {
  if (!message) {
    return '';
  }
  const sentence = /[.!?。！？]$/.test(message) ? message : `${message}.`;
  return remedy ? `${sentence} ${remedy}` : sentence;
}

/**
 * Tells the page around something that JupyterLab's half of TrainHub does, where it is there.
 *
 * @param {HTMLElement} element
 * @param {string} type
 * @param {object} detail
 * @returns {boolean} whether somebody took it
 */
export function tellPage(element, type, detail) {
  const event = new CustomEvent(type, {
    bubbles: true,
    cancelable: true,
    detail
  });
  return !element.dispatchEvent(event);
}

/**
 * Opens an object where JupyterLab shows it, or else a page of the server.
 *
 * @param {HTMLElement} element
 * @param {object} detail
 * @param {string} path below the server's base
 */
export function open(element, detail, path) {
  if (!tellPage(element, 'trainhub:open', detail)) {
    window.open(`${baseUrl() ?? '/'}${path}`, '_blank', 'noopener');
  }
}
