import type { ReadonlyJSONArray, ReadonlyJSONValue } from '@lumino/coreutils';
import type { Spec } from '../views';

/** Fields whose entries are the user's own: an empty text in them is a value. */
const VERBATIM = ['env', 'parameters', 'command', 'args'];

/** Fields in which none at all is a choice, other than leaving the field out. */
const CHOICES = ['storages'];

/** A spec without the fields that the user left empty, which the server takes as left out. */
export function withoutBlanks(spec: Spec): Spec {
  return Object.fromEntries(
    Object.entries(spec)
      .map(([name, value]): [string, ReadonlyJSONValue] => [
        name,
        VERBATIM.includes(name) ? value : prune(value)
      ])
      .filter(([name, value]) => CHOICES.includes(name) || !isBlank(value))
  );
}

function prune(value: ReadonlyJSONValue): ReadonlyJSONValue {
  if (Array.isArray(value)) {
    return (value as ReadonlyJSONArray).map(prune);
  }
  if (value !== null && typeof value === 'object') {
    return withoutBlanks(value as Spec);
  }
  return value;
}

function isBlank(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );
}

/** A name for a job, made of a file's: `runs/My model.ipynb` gives `My-model`. */
export function nameFromPath(path: string): string {
  const file = path.split('/').pop() ?? '';
  const words =
    file.replace(/\.(ipynb|py|md|Rmd)$/, '').match(/[A-Za-z0-9_]+/g) ?? [];
  return (
    words
      .join('-')
      .slice(0, 24)
      .replace(/^[_-]+|[_-]+$/g, '') || 'job'
  );
}

/**
 * `name`, or with the least number behind it that makes it differ from all `taken` ones.
 *
 * @param separator - stands before the number
 * @param longest - how many characters the name may have; it is cut to make room for the number
 */
export function freeName(
  name: string,
  taken: ReadonlySet<string>,
  separator: '-' | '_' = '-',
  longest = Infinity
): string {
  if (!taken.has(name)) {
    return name;
  }
  const stem = name.replace(new RegExp(`${separator}\\d+$`), '');
  const numbered = (number: number): string => {
    const end = `${separator}${number}`;
    return stem.slice(0, longest - end.length) + end;
  };
  let number = 2;
  while (taken.has(numbered(number))) {
    number += 1;
  }
  return numbered(number);
}
