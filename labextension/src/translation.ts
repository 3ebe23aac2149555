import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';

/** The translations of this extension, in the language of JupyterLab. */
export function loadTranslations(
  translator: ITranslator | null
): TranslationBundle {
  return (translator ?? nullTranslator).load('jupyter_trainhub');
}
