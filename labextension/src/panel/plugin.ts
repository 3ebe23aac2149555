import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import { CommandArguments, CommandIDs } from '../commands';
import { trainhubIcon } from '../icons';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import { TrainHubPanel } from './widget';

/** The "TrainHub" panel of the left area. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:panel',
  description:
    'Lists instances, jobs, TensorBoards and nodes in the left area.',
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
    const panel = new TrainHubPanel(
      { ...trainhub, commands, trans },
      translator
    );
    panel.id = 'trainhub-panel';
    panel.title.icon = trainhubIcon;
    panel.title.caption = trans.__('TrainHub');
    shell.add(panel, 'left', { rank: 620, type: 'TrainHub' });
    restorer?.add(panel, panel.id);

    commands.addCommand(CommandIDs.openPanel, {
      label: trans.__('Show TrainHub'),
      caption: trans.__('Show instances, jobs, TensorBoards and the cluster'),
      icon: trainhubIcon,
      describedBy: { args: CommandArguments.none },
      execute: () => shell.activateById(panel.id)
    });
    commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh TrainHub'),
      caption: trans.__('Fetch the lists of TrainHub again'),
      icon: refreshIcon,
      describedBy: { args: CommandArguments.none },
      execute: () => trainhub.store.refresh()
    });
    palette?.addItem({
      command: CommandIDs.openPanel,
      category: trans.__('TrainHub')
    });
  }
};
