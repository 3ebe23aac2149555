import type { TranslationBundle } from '@jupyterlab/translation';
import { formatBytes } from '../quantity';
import type { ITensorBoard, TensorBoardPlace } from './views';

/** Where a TensorBoard runs. */
export function placeWord(
  where: TensorBoardPlace,
  trans: TranslationBundle
): string {
  return {
    local: trans.__('This machine'),
    cluster: trans.__('Cluster'),
    found: trans.__('Started elsewhere')
  }[where];
}

/** The memory that a TensorBoard uses, of how much; empty when it is not known. */
export function memoryWords(
  { memory: { used, limit } }: ITensorBoard,
  trans: TranslationBundle
): string {
  if (used === null) {
    return '';
  }
  return limit
    ? trans.__('%1 of %2', formatBytes(used), formatBytes(limit))
    : formatBytes(used);
}
