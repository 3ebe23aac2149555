import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  WidgetTracker,
  type MainAreaWidget
} from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { CommandArguments, CommandIDs } from '../commands';
import { runIcon } from '../icons';
import { openTab } from '../mainArea';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { RunsPage } from './widget';

/** The page with the records of all runs. */
export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:runs',
  description: 'A command and a tab for records of runs.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const { commands, shell } = app;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const pages = new WidgetTracker<MainAreaWidget<RunsPage>>({
      namespace: 'trainhub-runs'
    });
    commands.addCommand(CommandIDs.showRuns, {
      label: trans.__('Show records of runs'),
      caption: trans.__(
        'Show what is kept of jobs that ran, compare two runs, submit one again'
      ),
      icon: runIcon,
      describedBy: { args: CommandArguments.none },
      execute: async () => {
        await openTab(shell, pages, {
          id: 'trainhub-runs',
          label: trans.__('Runs'),
          icon: runIcon,
          create: async () => {
            const { RunsPage } = await import('./widget');
            return new RunsPage(hub);
          }
        });
      }
    });
    palette?.addItem({
      command: CommandIDs.showRuns,
      category: trans.__('TrainHub')
    });
    if (restorer) {
      void restorer.restore(pages, {
        command: CommandIDs.showRuns,
        name: () => 'runs'
      });
    }
  }
};
