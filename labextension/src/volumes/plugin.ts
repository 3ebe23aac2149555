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
import { volumeIcon } from '../icons';
import { openTab } from '../mainArea';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { VolumesPage } from './widget';

/** The page with the volumes of all jobs. */
export const volumesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:volumes',
  description: 'A command and a tab for what jobs keep.',
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
    const pages = new WidgetTracker<MainAreaWidget<VolumesPage>>({
      namespace: 'trainhub-volumes'
    });
    commands.addCommand(CommandIDs.showVolumes, {
      label: trans.__('Show volumes of jobs'),
      caption: trans.__(
        'Show the checkpoints and models that jobs have kept, and download them'
      ),
      icon: volumeIcon,
      describedBy: { args: CommandArguments.none },
      execute: async () => {
        await openTab(shell, pages, {
          id: 'trainhub-volumes',
          label: trans.__('Volumes'),
          icon: volumeIcon,
          create: async () => {
            const { VolumesPage } = await import('./widget');
            return new VolumesPage(hub);
          }
        });
      }
    });
    palette?.addItem({
      command: CommandIDs.showVolumes,
      category: trans.__('TrainHub')
    });
    if (restorer) {
      void restorer.restore(pages, {
        command: CommandIDs.showVolumes,
        name: () => 'volumes'
      });
    }
  }
};
