import { bytes, make } from './elements.js';
import { watchView } from './watching.js';
import { say } from './words.js';

/** Milliseconds between two looks. */
const EVERY = 5_000;

/**
 * The nodes of the cluster and how much of each is in use, while it is on the screen.
 *
 * @param {{model: import('./head.js').Model, el: HTMLElement, signal: AbortSignal}} context
 */
export function renderCluster({ model, el, signal }) {
  const body = make('div', { class: 'trainhub trainhub-cluster' });
  el.append(body);
  /** @param {Record<string, any>} view */
  const show = ({ nodes }) =>
    body.replaceChildren(
      ...(nodes?.length
        ? nodes.map(row)
        : [make('p', {}, say('The cluster has no nodes.'))])
    );
  watchView({ model, el, signal }, 'cluster', {
    show,
    refused: ({ message }) => {
      body.replaceChildren(make('p', {}, message));
      return false;
    },
    pause: () => EVERY
  });
}

/** @param {Record<string, any>} node */
function row({ name, ready, cpu, memory, gpu }) {
  const gpuName = gpu.model ? `${say('GPU')} ${gpu.model}` : say('GPU');
  return make(
    'div',
    { class: 'trainhub-node' },
    make('b', {}, name, ready ? '' : ` (${say('not ready')})`),
    bar(say('CPU'), cpu, String),
    bar(say('Memory'), memory, bytes),
    gpu.allocatable > 0 ? bar(gpuName, gpu, String) : null
  );
}

/**
 * @param {string} name
 * @param {{allocatable: number, requested: number}} share
 * @param {(amount: number) => string} words
 */
function bar(name, { allocatable, requested }, words) {
  const text = say(
    '%1 of %2 in use',
    words(round(requested)),
    words(round(allocatable))
  );
  return make(
    'label',
    {},
    make('span', {}, name),
    make('meter', {
      min: 0,
      max: allocatable || 1,
      value: requested,
      'aria-label': name
    }),
    make('span', {}, text)
  );
}

/** @param {number} amount */
function round(amount) {
  return Math.round(100 * amount) / 100;
}
