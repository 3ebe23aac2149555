import { PathExt } from '@jupyterlab/coreutils';
import type { ITensorBoard, ITensorBoardRequest } from './views';

/** What a tab shows, as it outlives a reload of the page. */
export interface ITensorBoardTarget extends ITensorBoardRequest {
  /** The id of the one that is there. */
  id?: string;
}

/** What tells a target from others. */
export function keyOfTarget(target: ITensorBoardTarget): string {
  const { id, job, instance, folders = [] } = target;
  if (id && !id.match(/^[0-9a-f]{16}$/)) {
    return id;
  }
  const place = job ? `job ${job}` : instance ? `instance ${instance}` : '';
  return [place, ...folders].filter(Boolean).join(' ') || (id ?? '');
}

/** How the target of `view` is asked for again. */
export function targetOf(view: ITensorBoard): ITensorBoardTarget {
  const { id, folders, name, where } = view;
  return where === 'cluster' ? { id, folders, name, where } : { id, folders };
}

/** The name and the path of a folder's text, `NAME:PATH` or `PATH`. */
export function splitFolder(text: string): { name: string; path: string } {
  const [, name = '', path] = /^(?:([^/:]+):)?(.*)$/s.exec(text) ?? [];
  return { name, path: path ?? text };
}

/** What a tab is called before the server has given its TensorBoard a name. */
export function labelOf(target: ITensorBoardTarget): string {
  const { job, folders = [] } = target;
  const names = folders.map(folder => {
    const { name, path } = splitFolder(folder);
    return name || PathExt.basename(path);
  });
  return names.join(', ') || job || '/';
}
