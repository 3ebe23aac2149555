import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { caretDownIcon, ToolbarButton } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Menu, Widget } from '@lumino/widgets';
import { CommandArguments, CommandIDs } from '../commands';
import { jobIcon } from '../icons';
import { openMenuAt } from '../menu';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import { isRunnable, type IOpenFile } from './openFile';

/** What can be done with the file that is open; in the menu beside the toolbar's button, too. */
const COMMANDS = [
  CommandIDs.submitNotebook,
  CommandIDs.previewNotebook,
  CommandIDs.submitAgain
];

/** Submitting files; the toolbar buttons and the context menus are in `schema/plugin.json`. */
export const notebookPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:notebook',
  description:
    'Submits the notebook or script that is open, or one of the file browser.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [
    INotebookTracker,
    ICommandPalette,
    IFileBrowserFactory,
    IToolbarWidgetRegistry,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    toolbars: IToolbarWidgetRegistry | null,
    translator: ITranslator | null
  ) => {
    const { commands, serviceManager, shell } = app;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };

    /** The file that is open, or the notebook that was before another tab. */
    const current = (): IOpenFile | null => {
      const { currentWidget } = shell;
      return isRunnable(currentWidget)
        ? currentWidget
        : (notebooks?.currentWidget ?? null);
    };
    /** The path of a file without a drive, as jobs name it; saved, or null where that failed. */
    const saved = async (
      args: ReadonlyPartialJSONObject
    ): Promise<string | null> => {
      const named = args.path ?? current()?.context.path;
      if (!named) {
        return null;
      }
      const path = serviceManager.contents.localPath(String(named));
      const { SourceFile } = await import('./source');
      const source = new SourceFile(path, app);
      const isSaved = await source.saveOrTell(hub);
      source.dispose();
      return isSaved ? path : null;
    };
    const add = (
      id: string,
      texts: { label: string; caption: string },
      act: (path: string) => Promise<void>
    ): void => {
      commands.addCommand(id, {
        ...texts,
        icon: jobIcon,
        describedBy: { args: CommandArguments.notebook },
        isEnabled: ({ path }) => path !== undefined || current() !== null,
        execute: async args => {
          const path = await saved(args);
          if (path !== null) {
            await act(path);
          }
        }
      });
    };

    add(
      CommandIDs.submitNotebook,
      {
        label: trans.__('Submit as job'),
        caption: trans.__(
          'Save this notebook or script and run it as a job on one or several nodes of the cluster'
        )
      },
      path => commands.execute(CommandIDs.openJobForm, { notebook: path })
    );
    add(
      CommandIDs.previewNotebook,
      {
        label: trans.__('Preview as job'),
        caption: trans.__(
          'Save this notebook or script and show what of it would run as a job'
        )
      },
      path => commands.execute(CommandIDs.openJobPreview, { path })
    );
    add(
      CommandIDs.submitAgain,
      {
        label: trans.__('Submit again with the same settings'),
        caption: trans.__(
          'Save this notebook or script and run it with the settings of its last job'
        )
      },
      async path => (await import('./again')).submitAgain(hub, path)
    );
    commands.addCommand(CommandIDs.submitNotebookFile, {
      label: trans.__('Submit as job…'),
      caption: trans.__(
        'Run the selected notebook or script as a job on the cluster'
      ),
      icon: jobIcon,
      describedBy: { args: CommandArguments.none },
      execute: async () => {
        const item = browsers?.tracker.currentWidget?.selectedItems().next();
        if (item && !item.done) {
          const { path } = item.value;
          await commands.execute(CommandIDs.submitNotebook, { path });
        }
      }
    });

    toolbars?.addFactory('Notebook', 'trainhub-more', () =>
      moreButton(commands, trans.__('More about running this as a job'))
    );
    toolbars?.addFactory('Editor', 'trainhub-submit', widget =>
      isRunnable(widget) ? submitButton(commands, widget) : new Widget()
    );
    shell.currentChanged?.connect(() =>
      COMMANDS.forEach(id => commands.notifyCommandChanged(id))
    );
    const category = trans.__('TrainHub');
    COMMANDS.forEach(command => palette?.addItem({ command, category }));
  }
};

/** Opens a menu with what can be done with the notebook around. */
function moreButton(commands: CommandRegistry, label: string): ToolbarButton {
  const button: ToolbarButton = new ToolbarButton({
    icon: caretDownIcon,
    tooltip: label,
    onClick: () => {
      const menu = new Menu({ commands });
      COMMANDS.forEach(command => menu.addItem({ command }));
      openMenuAt(button.node, menu);
    }
  });
  return button;
}

/** Submits the script around. */
function submitButton(
  commands: CommandRegistry,
  { context }: IOpenFile
): ToolbarButton {
  return new ToolbarButton({
    icon: jobIcon,
    label: commands.label(CommandIDs.submitNotebook),
    tooltip: commands.caption(CommandIDs.submitNotebook),
    onClick: () =>
      void commands.execute(CommandIDs.submitNotebook, { path: context.path })
  });
}
