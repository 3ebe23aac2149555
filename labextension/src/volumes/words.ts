import type { TranslationBundle } from '@jupyterlab/translation';
import { formatBytes, formatBytesOf } from '../quantity';
import type { IVolume } from './views';

/** What a volume is for. */
export function roleName(
  role: IVolume['role'],
  trans: TranslationBundle
): string {
  switch (role) {
    case 'checkpoint':
      return trans.__('Checkpoints');
    case 'model':
      return trans.__('Model');
    default:
      return trans.__('Volume');
  }
}

/** How far a volume is. */
export function volumePhase(
  phase: IVolume['phase'],
  trans: TranslationBundle
): string {
  return {
    Pending: trans.__('not there yet'),
    Bound: trans.__('ready'),
    Lost: trans.__('lost'),
    Deleting: trans.__('being deleted')
  }[phase];
}

/** How large a volume is, and how much of it is in use where that is known. */
export function sizeText(
  volume: IVolume,
  used: number | null,
  trans: TranslationBundle
): string {
  const size = volume.capacity ?? volume.size;
  return used === null
    ? formatBytes(size)
    : trans.__('%1 of %2 used', formatBytesOf(used, size), formatBytes(size));
}
