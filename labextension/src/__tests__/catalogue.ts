import type { TranslationBundle } from '@jupyterlab/translation';
import { TranslationManager } from '@jupyterlab/translation';
import * as ts from 'typescript';

/** A file as JSON; `path` is relative to the front end's root, where jest runs. */
export function readJson<T>(path: string): T {
  return JSON.parse(ts.sys.readFile(path) ?? '') as T;
}

const { '': head, ...messages } = readJson<Record<string, string[]>>(
  '../jupyter_trainhub/locale/zh_CN/LC_MESSAGES/jupyter_trainhub.json'
);

/** The Simplified Chinese catalogue: translations by their English text. */
export const CATALOGUE = messages;

/** The translations as JupyterLab loads them when its language is Simplified Chinese. */
export async function loadChinese(): Promise<TranslationBundle> {
  const data = { jupyter_trainhub: { '': head, ...messages } };
  const manager = new TranslationManager('', '', undefined, {
    fetch: () => Promise.resolve({ data, message: '' })
  } as never);
  await manager.fetch('zh_CN');
  return manager.load('jupyter_trainhub');
}
