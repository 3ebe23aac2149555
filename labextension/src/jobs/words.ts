import type { TranslationBundle } from '@jupyterlab/translation';
import type { IJob } from './views';

/** The kinds of work that a job may be, in the user's language. */
export function categoryWord(
  category: string,
  trans: TranslationBundle
): string {
  const words: Record<string, string> = {
    debug: trans.__('Debugging'),
    inference: trans.__('Inference'),
    training: trans.__('Training'),
    special: trans.__('Special')
  };
  return words[category] ?? category;
}

/** The framework of a job, with what of the cluster runs it where that is an operator. */
export function backendWord(
  { framework, backend }: Pick<IJob, 'framework' | 'backend'>,
  trans: TranslationBundle
): string {
  return !backend || backend === 'plain'
    ? framework
    : trans.__('%1 by %2', framework, backend);
}
