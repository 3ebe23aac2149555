import type { TranslationBundle } from '@jupyterlab/translation';
import { formatAge } from '../duration';
import type { IIdle } from '../views';

/** Seconds that one click gives where the site has set nothing. */
const EXTENSION = 3600;

/** Seconds for which an instance is kept by one click. */
export function extensionOf(idle: IIdle | null): number {
  return idle?.policy?.extension ?? EXTENSION;
}

/** The words on the button that keeps an idle instance. */
export function keepWords(
  idle: IIdle | null,
  trans: TranslationBundle
): string {
  const seconds = extensionOf(idle);
  return seconds === 3600
    ? trans.__('Keep for 1 hour')
    : trans.__('Keep for %1', formatAge(seconds, trans));
}
