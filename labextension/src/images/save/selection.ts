import type { IMeasuredFolder, IMeasurement, ISnapshotSpec } from '../views';

/** What is chosen before an instance is saved; kept in the workspace, so it holds no secrets. */
export type Choice = {
  image: string;
  note: string;
  /** Folders that are left out, none of them inside another. */
  leftOut: string[];
  /** Patterns that the site leaves out, and that are kept all the same. */
  kept: string[];
  keepSecrets: boolean;
  overwrite: boolean;
  stop: boolean;
};

/** What is chosen when nobody has chosen yet. */
export const NOTHING_CHOSEN: Choice = {
  image: '',
  note: '',
  leftOut: [],
  kept: [],
  keepSecrets: false,
  overwrite: false,
  stop: false
};

/** How much of a folder is saved. */
export type Tick = 'true' | 'false' | 'mixed';

/** How much of `path` is saved; `null` is what is not told apart. */
export function tickOf(
  path: string | null,
  parent: string | null,
  leftOut: readonly string[]
): Tick {
  const place = path ?? parent;
  if (place !== null && leftOut.some(other => isWithin(place, other))) {
    return 'false';
  }
  return path !== null && leftOut.some(other => isWithin(other, path))
    ? 'mixed'
    : 'true';
}

/** `leftOut` after the tick of a folder was turned over. Below a folder without one nothing turns. */
export function toggle(path: string, leftOut: readonly string[]): string[] {
  if (leftOut.includes(path)) {
    return leftOut.filter(other => other !== path);
  }
  return leftOut.some(other => isWithin(path, other))
    ? [...leftOut]
    : [...leftOut.filter(other => !isWithin(other, path)), path];
}

/** How much is saved of what was measured. */
export function savedOf(
  { files, bytes, tree, excluded }: IMeasurement,
  { leftOut, kept }: Choice
): { files: number; bytes: number } {
  const less = foldersOf(tree).filter(
    ({ path }) => path !== null && leftOut.includes(path)
  );
  const more = excluded.filter(({ pattern }) => kept.includes(pattern));
  const sum = (
    parts: { files: number; bytes: number }[],
    unit: 'files' | 'bytes'
  ): number => parts.reduce((total, part) => total + part[unit], 0);
  return {
    files: files + sum(more, 'files') - sum(less, 'files'),
    bytes: bytes + sum(more, 'bytes') - sum(less, 'bytes')
  };
}

/** The request that stands for a choice. */
export function specOf(choice: Choice): ISnapshotSpec {
  const { image, note, leftOut, kept, keepSecrets, overwrite, stop } = choice;
  return {
    image: image || null,
    note,
    exclude: leftOut.map(escapePattern),
    include: [...kept],
    // Those that appear only while it is saved are left out, too, and the result tells them.
    secrets: keepSecrets ? 'include' : 'exclude',
    overwrite,
    then: stop ? 'stop' : 'keep'
  };
}

/** The parts of an image's name: what the site has set, and what can be edited. */
export interface INameParts {
  prefix: string;
  repository: string;
  tag: string;
}

/** Takes a name apart; without a `prefix` that it begins with, its host stays as it is. */
export function splitName(image: string, prefix: string | null): INameParts {
  const start =
    prefix !== null && image.startsWith(`${prefix}/`)
      ? prefix
      : image.slice(0, Math.max(0, image.indexOf('/')));
  const rest = image.slice(start ? start.length + 1 : 0);
  const colon = rest.lastIndexOf(':');
  return colon < 0
    ? { prefix: start, repository: rest, tag: '' }
    : {
        prefix: start,
        repository: rest.slice(0, colon),
        tag: rest.slice(colon + 1)
      };
}

export function joinName({ prefix, repository, tag }: INameParts): string {
  const name = prefix ? `${prefix}/${repository}` : repository;
  return tag ? `${name}:${tag}` : name;
}

function foldersOf(tree: readonly IMeasuredFolder[]): IMeasuredFolder[] {
  return tree.flatMap(folder => [folder, ...foldersOf(folder.children)]);
}

function isWithin(path: string, folder: string): boolean {
  const base = folder.endsWith('/') ? folder : `${folder}/`;
  return path === folder || path.startsWith(base);
}

/** A pattern that matches `path` alone. */
function escapePattern(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}
