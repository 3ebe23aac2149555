import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { CommandArguments, CommandIDs } from '../commands';
import { jobIcon } from '../icons';
import { loadTranslations } from '../translation';

/** Submitting notebooks; the toolbar button and the context menu are in `schema/plugin.json`. */
export const notebookPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:notebook',
  description: 'Submits the notebook that is open, or one of the file browser.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, IFileBrowserFactory, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    translator: ITranslator | null
  ) => {
    const { commands, serviceManager } = app;
    const { contents } = serviceManager;
    const trans = loadTranslations(translator);

    commands.addCommand(CommandIDs.submitNotebook, {
      label: trans.__('Submit as job'),
      caption: trans.__(
        'Save this notebook and run it as a job on one or several nodes of the cluster'
      ),
      icon: jobIcon,
      describedBy: { args: CommandArguments.notebook },
      isEnabled: args =>
        args.path !== undefined || notebooks.currentWidget !== null,
      execute: async args => {
        const panel = args.path
          ? notebooks.find(({ context }) => context.path === args.path)
          : notebooks.currentWidget;
        const path = args.path ?? panel?.context.path;
        if (!path) {
          return;
        }
        try {
          if (panel?.context.model.dirty) {
            await panel.context.save();
          }
        } catch (error) {
          const { notifyFailure } = await import('../notifications');
          notifyFailure(
            trans.__(
              'The notebook could not be saved, so it was not submitted.'
            ),
            error,
            trans
          );
          return;
        }
        // Jobs name notebooks as the server does, without the drives of the front end.
        await commands.execute(CommandIDs.openJobForm, {
          notebook: contents.localPath(String(path))
        });
      }
    });
    commands.addCommand(CommandIDs.submitNotebookFile, {
      label: trans.__('Submit as job…'),
      caption: trans.__('Run the selected notebook as a job on the cluster'),
      icon: jobIcon,
      describedBy: { args: CommandArguments.none },
      execute: async () => {
        const item = browsers?.tracker.currentWidget?.selectedItems().next();
        if (item && !item.done) {
          await commands.execute(CommandIDs.submitNotebook, {
            path: item.value.path
          });
        }
      }
    });

    notebooks.currentChanged.connect(() => {
      commands.notifyCommandChanged(CommandIDs.submitNotebook);
    });
    palette?.addItem({
      command: CommandIDs.submitNotebook,
      category: trans.__('TrainHub')
    });
  }
};
