import {
  caretDownIcon,
  caretRightIcon,
  LabIcon
} from '@jupyterlab/ui-components';
import React, { useRef, useState } from 'react';
import { useHub } from '../../context';
import { formatBytes } from '../../quantity';
import type { IMeasuredFolder } from '../views';
import { tickOf, toggle, type Tick } from './selection';

/** A folder as a line of the tree. */
interface IRow {
  folder: IMeasuredFolder;
  /** The path of the folder around it. */
  parent: string | null;
  key: string;
  level: number;
  isOpen: boolean;
}

/**
 * What is saved as a tree of folders, each with a check mark, by the ARIA pattern
 * (https://www.w3.org/WAI/ARIA/apg/patterns/treeview/): arrow keys move, open and close, the space
 * bar turns a mark over.
 */
export function FolderTree(props: {
  tree: readonly IMeasuredFolder[];
  leftOut: readonly string[];
  onChange: (leftOut: string[]) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { tree, leftOut } = props;
  const [open, setOpen] = useState<ReadonlySet<string>>(
    // One alone is open, since it says nothing by itself.
    () => new Set(tree.length === 1 && tree[0].path ? [tree[0].path] : [])
  );
  const [current, setCurrent] = useState<string | null>(null);
  const node = useRef<HTMLDivElement>(null);
  const rows = rowsOf(tree, open, null, '', 1);
  const at = Math.max(
    0,
    rows.findIndex(({ key }) => key === current)
  );
  const total = tree.reduce((sum, { bytes }) => sum + bytes, 0);

  const go = (index: number): void => {
    const target = Math.min(rows.length - 1, Math.max(0, index));
    setCurrent(rows[target].key);
    node.current
      ?.querySelectorAll<HTMLElement>('[role="treeitem"]')
      [target]?.focus();
  };
  const goUp = (level: number): void => {
    const levels = rows.slice(0, at).map(row => row.level);
    go(level === 1 ? at : levels.lastIndexOf(level - 1));
  };
  const setOpenOf = (key: string, isOpen: boolean): void => {
    const changed = new Set(open);
    if (isOpen) {
      changed.add(key);
    } else {
      changed.delete(key);
    }
    setOpen(changed);
  };
  const turnOver = ({ folder: { path } }: IRow): void => {
    if (path !== null) {
      props.onChange(toggle(path, leftOut));
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const row = rows[at];
    const { key, level, isOpen, folder } = row;
    const actions: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () =>
        isOpen || folder.children.length === 0
          ? go(isOpen ? at + 1 : at)
          : setOpenOf(key, true),
      ArrowLeft: () => (isOpen ? setOpenOf(key, false) : goUp(level)),
      ' ': () => turnOver(row),
      Enter: () => turnOver(row)
    };
    if (event.key in actions) {
      event.preventDefault();
      actions[event.key]();
    }
  };
  return (
    <div
      ref={node}
      className="jp-TrainHub-tree"
      role="tree"
      aria-label={trans.__('Folders that are saved')}
      onKeyDown={onKeyDown}
    >
      {rows.map((row, index) => (
        <TreeRow
          key={row.key}
          row={row}
          tick={tickOf(row.folder.path, row.parent, leftOut)}
          share={total > 0 ? row.folder.bytes / total : 0}
          isCurrent={index === at}
          onFocus={() => setCurrent(row.key)}
          onOpen={() => setOpenOf(row.key, !row.isOpen)}
          onTick={() => turnOver(row)}
        />
      ))}
    </div>
  );
}

function TreeRow(props: {
  row: IRow;
  tick: Tick;
  /** Of all that was measured. */
  share: number;
  isCurrent: boolean;
  onFocus: () => void;
  onOpen: () => void;
  onTick: () => void;
}): JSX.Element {
  const { trans } = useHub();
  const { row, tick, share } = props;
  const { folder, parent, level, isOpen } = row;
  const { path, files, bytes, children } = folder;
  const name =
    path === null
      ? trans.__('other files')
      : parent !== null && path.startsWith(`${parent}/`)
        ? path.slice(parent.length + 1)
        : path;
  const count = trans._n('%2 file', '%2 files', files, files.toLocaleString());
  const caret: LabIcon = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <div
      className="jp-TrainHub-treeRow"
      role="treeitem"
      aria-label={`${name}, ${formatBytes(bytes)}, ${count}`}
      aria-level={level}
      aria-expanded={children.length > 0 ? isOpen : undefined}
      aria-checked={tick}
      aria-disabled={path === null || undefined}
      tabIndex={props.isCurrent ? 0 : -1}
      data-tick={tick}
      style={{ paddingInlineStart: `${(level - 1) * 20}px` }}
      onFocus={props.onFocus}
    >
      <span className="jp-TrainHub-treeCaret" onClick={props.onOpen}>
        {children.length > 0 && <caret.react tag="span" aria-hidden="true" />}
      </span>
      <input
        type="checkbox"
        tabIndex={-1}
        aria-hidden="true"
        disabled={path === null}
        checked={tick !== 'false'}
        ref={box => {
          if (box) {
            box.indeterminate = tick === 'mixed';
          }
        }}
        onChange={props.onTick}
      />
      <span className="jp-TrainHub-treeName" title={path ?? undefined}>
        {name}
      </span>
      <span className="jp-TrainHub-treeFiles">{count}</span>
      <span className="jp-TrainHub-treeSize">{formatBytes(bytes)}</span>
      <span className="jp-TrainHub-meter" aria-hidden="true">
        <div style={{ width: `${100 * share}%` }} />
      </span>
    </div>
  );
}

/** The lines that are seen, from the top. */
function rowsOf(
  tree: readonly IMeasuredFolder[],
  open: ReadonlySet<string>,
  parent: string | null,
  above: string,
  level: number
): IRow[] {
  return tree.flatMap(folder => {
    const key = folder.path ?? `${above}/*`;
    const isOpen = open.has(key) && folder.children.length > 0;
    return [
      { folder, parent, key, level, isOpen },
      ...(isOpen
        ? rowsOf(folder.children, open, folder.path, key, level + 1)
        : [])
    ];
  });
}
