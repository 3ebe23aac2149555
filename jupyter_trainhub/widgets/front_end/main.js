import { renderCluster } from './cluster.js';
import { renderInstance } from './instance.js';
import { renderJob } from './job.js';
import { renderTensorBoard } from './tensorboard.js';

/** @type {Record<string, (context: any) => void>} */
const KINDS = {
  job: renderJob,
  instance: renderInstance,
  tensorboard: renderTensorBoard,
  cluster: renderCluster
};

/**
 * Renders one view of a widget; the function that it returns ends it.
 *
 * @param {{model: import('./head.js').Model, el: HTMLElement}} context
 */
function render({ model, el }) {
  const ending = new AbortController();
  KINDS[model.get('kind')]({ model, el, signal: ending.signal });
  return () => ending.abort();
}

export default { render };
