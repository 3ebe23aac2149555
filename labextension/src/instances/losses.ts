import type { TranslationBundle } from '@jupyterlab/translation';
import type { IFolder, IInstance } from '../views';

/** What ends the pod of an instance. */
export type Ending = 'stop' | 'restart' | 'delete';

/** What is asked before something is lost. */
export interface ILossText {
  title: string;
  /** What happens, sentence by sentence. */
  sentences: string[];
  /** Folders whose files stay, and those whose files go; empty when no files are at stake. */
  kept: IFolder[];
  lost: IFolder[];
  /** The word on the button that goes on. */
  action: string;
}

/** What to ask before an instance is stopped, restarted or deleted; null when nothing is lost. */
export function lossText(
  ending: Ending,
  instance: IInstance,
  trans: TranslationBundle
): ILossText | null {
  const { name, folders } = instance;
  const atStake = hasFiles(instance);
  if (ending !== 'delete' && !atStake) {
    return null;
  }
  return {
    title: titleOf(ending, name, trans),
    sentences: [
      ...(atStake
        ? [trans.__('Its kernels, terminals and programs end.')]
        : []),
      whatFollows(ending, instance, trans),
      ...(atStake ? [whatIsGone(folders, trans)] : [])
    ],
    kept: folders.filter(({ kept }) => kept === 'kept'),
    lost: atStake ? folders.filter(({ kept }) => kept !== 'kept') : [],
    action: {
      stop: trans.__('Stop'),
      restart: trans.__('Restart'),
      delete: trans.__('Delete')
    }[ending]
  };
}

/**
 * Whether it has a container that runs: only there can be files that are nowhere else. Those of one
 * that has stopped or failed went with it.
 */
export function hasFiles({ phase, progress }: IInstance): boolean {
  switch (phase) {
    case 'Running':
      return true;
    case 'Stopped':
    case 'Stopping':
      return false;
    default:
      return progress.some(
        ({ step, state }) => step === 'started' && state === 'done'
      );
  }
}

function titleOf(
  ending: Ending,
  name: string,
  trans: TranslationBundle
): string {
  switch (ending) {
    case 'stop':
      return trans.__('Stop instance %1?', name);
    case 'restart':
      return trans.__('Restart instance %1?', name);
    case 'delete':
      return trans.__('Delete instance %1?', name);
  }
}

function whatFollows(
  ending: Ending,
  instance: IInstance,
  trans: TranslationBundle
): string {
  switch (ending) {
    case 'stop':
      return trans.__(
        'Its CPUs, memory and GPUs become free. Its definition is kept: it can be started again.'
      );
    case 'restart':
      return trans.__(
        'It starts again with its settings as they are saved, as soon as there is room.'
      );
    case 'delete':
      return trans.__('Its definition is deleted. This cannot be undone.');
  }
}

function whatIsGone(folders: IFolder[], trans: TranslationBundle): string {
  if (folders.length === 0) {
    return trans.__(
      'Files outside of its storages are gone unless saved as an image.'
    );
  }
  const paths = folders
    .filter(({ kept, read_only }) => kept === 'kept' && !read_only)
    .map(({ path }) => path);
  return paths.length === 0
    ? trans.__(
        'No folder that it can write to is kept: all its files are gone unless saved as an image.'
      )
    : trans.__(
        'Files outside of %1 are gone unless saved as an image.',
        listed(paths, trans)
      );
}

function listed(paths: string[], trans: TranslationBundle): string {
  const last = paths[paths.length - 1];
  return paths.length === 1
    ? last
    : trans.__('%1 and %2', paths.slice(0, -1).join(', '), last);
}
