import type { TranslationBundle } from '@jupyterlab/translation';
import { formatAge, secondsBetween } from '../duration';
import { formatBytes } from '../quantity';
import type { IImage, ITransfer } from './views';

/** The name of an image without its registry and folders: `desk:20260101`. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** What a transfer does, whether it goes on or has ended. */
export function transferTitle(
  { type, instance, image, source, title }: ITransfer,
  trans: TranslationBundle
): string {
  const short = image && shortName(image);
  if (type === 'snapshot' && instance) {
    return short
      ? trans.__('Save %1 as %2', instance, short)
      : trans.__('Save %1 as an image', instance);
  }
  if (type === 'export' && short) {
    return trans.__('Export %1', short);
  }
  if (type === 'load' && source) {
    return trans.__('Load %1', shortName(source));
  }
  if (type === 'copy' && source) {
    return trans.__('Copy %1', source);
  }
  return title;
}

/** What a transfer is at. */
export function stepWord(
  { step, phase }: ITransfer,
  trans: TranslationBundle
): string {
  if (step === null || phase === 'Pending') {
    return trans.__('Waiting for its turn');
  }
  return {
    measure: trans.__('Measuring'),
    read: trans.__('Reading files'),
    base: trans.__('Fetching the base'),
    upload: trans.__('Sending to the registry'),
    verify: trans.__('Verifying')
  }[step];
}

/** What is in an image, how large it is, who made it and from what: parts of one line. */
export function imageFacts(
  image: IImage,
  user: string | null,
  trans: TranslationBundle
): string[] {
  const { size, base, owner, instance, note } = image;
  return [
    ...(note ? [note] : []),
    ...(size === null ? [] : [formatBytes(size)]),
    ...(instance ? [trans.__('from instance %1', instance)] : []),
    ...(owner && owner !== user ? [trans.__('of %1', owner)] : []),
    ...(base ? [trans.__('base %1', shortName(base))] : [])
  ];
}

/** How old an image is; empty when nobody knows. */
export function imageAge(
  created: string | null,
  now: number,
  trans: TranslationBundle
): string {
  return created ? formatAge(secondsBetween(created, now), trans) : '';
}

/** Whether an image has `text` in something that people know it by. */
export function matches(image: IImage, text: string): boolean {
  const { name, title, owner, instance, note, base } = image;
  return [name, title, owner, instance, note, base]
    .join('\n')
    .toLowerCase()
    .includes(text.trim().toLowerCase());
}
