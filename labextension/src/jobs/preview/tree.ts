import type { IPlanFile } from './views';

/** A file, or a folder of files, in a tree. */
export interface IBranch {
  name: string;
  /** Of all files in it together. */
  bytes: number;
  /** Null for a folder. */
  file: IPlanFile | null;
  children: IBranch[];
}

/** Files as a tree, folders first. */
export function treeOf(files: readonly IPlanFile[]): IBranch[] {
  const root: IBranch = { name: '', bytes: 0, file: null, children: [] };
  for (const file of files) {
    const parts = file.name.split('/');
    let branch = root;
    parts.forEach((name, depth) => {
      const isFile = depth === parts.length - 1;
      let child = isFile
        ? undefined
        : branch.children.find(known => known.name === name && !known.file);
      if (!child) {
        child = { name, bytes: 0, file: isFile ? file : null, children: [] };
        branch.children.push(child);
      }
      child.bytes += file.bytes;
      branch = child;
    });
  }
  return sorted(root.children);
}

function sorted(branches: IBranch[]): IBranch[] {
  return branches
    .sort(
      (a, b) =>
        Number(a.file !== null) - Number(b.file !== null) ||
        a.name.localeCompare(b.name, undefined, { numeric: true })
    )
    .map(branch => ({ ...branch, children: sorted(branch.children) }));
}
