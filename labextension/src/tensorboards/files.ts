import { PathExt } from '@jupyterlab/coreutils';
import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { Contents } from '@jupyterlab/services';
import { splitFolder } from './target';

/** What is in the names of the files that TensorBoard reads. */
export const EVENT_FILE = /tfevents/;

/**
 * The selected folders of the file browser, and those in which selected event files are; the one
 * that it shows when none is selected.
 */
export function selectedFolders(
  browser: FileBrowser | null | undefined,
  contents: Contents.IManager
): string[] {
  if (!browser) {
    return [];
  }
  const folders = Array.from(browser.selectedItems())
    .filter(({ type, name }) => type === 'directory' || EVENT_FILE.test(name))
    .map(({ type, path }) => {
      const local = contents.localPath(path);
      return type === 'directory' ? local : PathExt.dirname(local);
    });
  return folders.length
    ? [...new Set(folders)]
    : [contents.localPath(browser.model.path)];
}

/**
 * The folders of the file browser in which a typed text, `PATH/` or `NAME:PATH/`, ends; none where
 * it names none of them. Never rejects.
 */
export async function foldersIn(
  contents: Contents.IManager,
  text: string
): Promise<string[]> {
  const { name, path } = splitFolder(text);
  if (path.startsWith('/')) {
    // The file browser knows nothing of it.
    return [];
  }
  try {
    const { content } = await contents.get(path.replace(/\/+$/, ''));
    return (content as Contents.IModel[])
      .filter(({ type }) => type === 'directory')
      .map(folder => contents.localPath(folder.path))
      .map(folder => (name ? `${name}:${folder}` : folder));
  } catch {
    return [];
  }
}
