import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator } from '@jupyterlab/translation';
import { CommandIDs } from './commands';
import { loadTranslations } from './translation';

/** The "TrainHub" section of the launcher. */
export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:launcher',
  description:
    'Adds cards for new instances, jobs and TensorBoards to the launcher.',
  autoStart: true,
  requires: [ILauncher],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    launcher: ILauncher,
    translator: ITranslator | null
  ) => {
    const trans = loadTranslations(translator);
    [
      CommandIDs.newInstance,
      CommandIDs.submitJob,
      CommandIDs.newTensorBoard
    ].forEach((command, rank) => {
      launcher.add({
        command,
        args: { isLauncher: true },
        category: trans.__('TrainHub'),
        rank
      });
    });
  }
};
