import { make } from './elements.js';
import { address, ask, part } from './server.js';

/**
 * Downloads the whole log or, where no server is reached, the lines that are here.
 *
 * @param {string} name
 * @param {number | null} rank
 * @param {import('./log.js').LogPane} log
 */
export async function download(name, rank, log) {
  const path = `jobs/${part(name)}/logs?download=true&rank=${rank ?? 'all'}`;
  let href = address(path);
  try {
    await ask('GET', `jobs/${part(name)}`);
  } catch {
    const text = log.ring.of(rank).map(rawText).join('\n');
    href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  }
  make('a', { href, download: `${name}.log` }).click();
}

/** @param {import('./lines.js').Line} line */
export function rawText({ rank, text }) {
  return rank === null ? text : `[${rank}] ${text}`;
}
