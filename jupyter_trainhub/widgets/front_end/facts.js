import { duration, make } from './elements.js';
import { say } from './words.js';

/** @typedef {import('./head.js').View} View */

/**
 * How far a job is.
 *
 * @param {View} view
 * @returns {HTMLElement[]}
 */
export function progress({ progress }) {
  if (!progress) {
    return [];
  }
  const { fraction, step, total, epoch, epochs, rate, remaining, metrics } =
    progress;
  const silent = (Date.now() - Date.parse(progress.at)) / 1000;
  const isCounted = typeof fraction === 'number';
  const facts = [
    isCounted ? `${Math.floor(100 * fraction)} %` : '',
    counted('step', step, total),
    counted('epoch', epoch, epochs),
    rate ? say('%1 steps/s', rate.toPrecision(3)) : '',
    remaining ? say('%1 left', duration(remaining)) : '',
    progress.stalled ? say('No progress for %1', duration(silent)) : '',
    // Null is a number that is not finite.
    ...Object.entries(metrics ?? {}).map(
      ([name, value]) =>
        `${name} ${value === null ? 'nan' : Number(value).toPrecision(4)}`
    )
  ];
  return [
    make(
      'div',
      { class: 'trainhub-progress' },
      make('progress', {
        max: 1,
        value: isCounted ? fraction : null,
        'aria-label': say('Progress')
      }),
      make('span', {}, facts.filter(Boolean).join(' · '))
    )
  ];
}

/**
 * @param {'step' | 'epoch'} what
 * @param {number | null} done
 * @param {number | null} total
 */
function counted(what, done, total) {
  if (typeof done !== 'number') {
    return '';
  }
  return total ? say(`${what} %1 of %2`, done, total) : say(`${what} %1`, done);
}

/**
 * The error that ended a job, and where it was.
 *
 * @param {View} view
 * @returns {HTMLElement[]}
 */
export function failure({ error }) {
  if (!error) {
    return [];
  }
  const { cell, etype, lineno, message, rank } = error;
  const place = [
    typeof rank === 'number' ? say('Rank %1', rank) : '',
    // The view counts cells from 0, people do not.
    typeof cell === 'number' ? say('cell %1', cell + 1) : '',
    lineno ? say('line %1', lineno) : ''
  ];
  const told = [place.filter(Boolean).join(', '), etype, message]
    .filter(Boolean)
    .join(': ');
  return [make('p', { class: 'trainhub-failure', role: 'alert' }, told)];
}

/**
 * How each pod of a job stands.
 *
 * @param {View} view
 * @returns {HTMLElement[]}
 */
export function ranks({ pods }) {
  if (!pods?.length) {
    return [];
  }
  const titles = [say('Rank'), say('Phase'), say('Node'), say('Message')];
  /** @param {View} pod */
  const row = ({ rank, phase, node, message }) =>
    make(
      'tr',
      {},
      ...[rank, say(phase), node ?? '', message ?? ''].map(cell =>
        make('td', {}, String(cell))
      )
    );
  return [
    make(
      'details',
      {},
      make('summary', {}, `${say('Ranks')}: ${pods.length}`),
      make(
        'table',
        {},
        make(
          'thead',
          {},
          make('tr', {}, ...titles.map(title => make('th', {}, title)))
        ),
        make('tbody', {}, ...pods.map(row))
      )
    )
  ];
}

/**
 * A job as HTML that stands still, for a notebook that is read without its kernel.
 *
 * @param {View} view
 * @param {string[]} lines the last ones of its log
 * @param {number} total how many there were
 */
export function still(view, lines, total) {
  const left = total - lines.length;
  const missing =
    left > 0 ? [say('%1 earlier lines are not shown.', left)] : [];
  const far = progress(view).flatMap(bar => [...bar.querySelectorAll('span')]);
  const parts = [
    make('b', {}, view.name),
    ' ',
    make('span', {}, say(view.phase)),
    ' ',
    make('span', {}, [view.message, view.remedy].filter(Boolean).join(' ')),
    ...failure(view),
    ...(far.length ? [make('div', {}, ...far)] : []),
    ...ranks(view),
    ...(lines.length
      ? [make('pre', {}, [...missing, ...lines].join('\n'))]
      : [])
  ];
  return make('div', {}, ...parts).innerHTML;
}
