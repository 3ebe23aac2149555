import type { TranslationBundle } from '@jupyterlab/translation';
import type { IFieldLabel } from '../../form/labels';

/** The labels of fields whose general ones speak of jobs and their pods. */
export function instanceLabels(
  trans: TranslationBundle
): Record<string, IFieldLabel> {
  return {
    name: {
      title: trans.__('Name'),
      help: trans.__('Letters, digits and "_".')
    },
    cpus: {
      title: trans.__('CPUs'),
      help: trans.__('Cores; 0.5 is half a core.')
    },
    memory: {
      title: trans.__('Memory'),
      help: trans.__('Such as 512Mi or 2Gi. What uses more is ended.')
    },
    gpus: {
      title: trans.__('GPUs'),
      help: trans.__('0 unless you need them: others wait for them.')
    },
    env: {
      title: trans.__('Environment variables'),
      help: trans.__('Their values are not kept when the page is loaded again.')
    },
    mounts: {
      title: trans.__('Folders'),
      help: trans.__('Folders of your own choice, beside the storages.')
    }
  };
}
