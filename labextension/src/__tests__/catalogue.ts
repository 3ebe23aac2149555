import type { TranslationBundle } from '@jupyterlab/translation';
import { TranslationManager } from '@jupyterlab/translation';
import * as ts from 'typescript';

/** A file as JSON; `path` is relative to the front end's root, where jest runs. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function readJson(path: string): any {
  return JSON.parse(ts.sys.readFile(path) ?? '');
}

const { '': head, ...messages } = readJson(
  '../jupyter_trainhub/locale/zh_CN/LC_MESSAGES/jupyter_trainhub.json'
);

/** The Simplified Chinese catalogue: translations by their English text. */
export const CATALOGUE: Record<string, string[]> = messages;

/** The translations as JupyterLab loads them when its language is Simplified Chinese. */
export async function loadChinese(): Promise<TranslationBundle> {
  const data = { jupyter_trainhub: { '': head, ...messages } };
  const manager = new TranslationManager('', '', undefined, {
    fetch: () => Promise.resolve({ data, message: '' })
  } as never);
  await manager.fetch('zh_CN');
  return manager.load('jupyter_trainhub');
}
