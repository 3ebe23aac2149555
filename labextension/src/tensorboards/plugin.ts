import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  IThemeManager,
  WidgetTracker,
  type MainAreaWidget
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator } from '@jupyterlab/translation';
import { stopIcon } from '@jupyterlab/ui-components';
import { CommandArguments, CommandIDs } from '../commands';
import { tensorboardIcon } from '../icons';
import { openTab } from '../mainArea';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { TensorBoardView } from './view';

/** TensorBoards on log folders; the context menu entry is in `schema/plugin.json`. */
export const tensorboardsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:tensorboards',
  description: 'Opens log folders in TensorBoard.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [
    ICommandPalette,
    IFileBrowserFactory,
    ILayoutRestorer,
    IThemeManager,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    restorer: ILayoutRestorer | null,
    themes: IThemeManager | null,
    translator: ITranslator | null
  ) => {
    const { commands, serviceManager, shell } = app;
    const { contents } = serviceManager;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const tracker = new WidgetTracker<MainAreaWidget<TensorBoardView>>({
      namespace: 'trainhub-tensorboards'
    });
    const isLight = (): boolean =>
      !themes?.theme || themes.isLight(themes.theme);

    /** The selected folders of the file browser; the one it shows when none is selected. */
    const selectedFolders = (): string[] => {
      const browser = browsers?.tracker.currentWidget;
      if (!browser) {
        return [];
      }
      const selected = Array.from(browser.selectedItems())
        .filter(({ type }) => type === 'directory')
        .map(({ path }) => contents.localPath(path));
      return selected.length
        ? selected
        : [contents.localPath(browser.model.path)];
    };

    commands.addCommand(CommandIDs.openTensorBoard, {
      label: trans.__('Open in TensorBoard'),
      caption: trans.__('Show the training logs of a folder in TensorBoard'),
      icon: tensorboardIcon,
      describedBy: { args: CommandArguments.folders },
      execute: async args => {
        const open = tracker.find(
          ({ content }) =>
            args.id !== undefined && content.tensorboardId === args.id
        );
        if (open) {
          shell.activateById(open.id);
          return;
        }
        const folders =
          (args.folders as string[] | undefined) ?? selectedFolders();
        if (folders.length === 0) {
          return;
        }
        await openTab(shell, tracker, {
          id: `trainhub-tensorboard-${folders.join(':')}`,
          label:
            folders.map(folder => PathExt.basename(folder)).join(', ') || '/',
          icon: tensorboardIcon,
          create: async () => {
            const { TensorBoardView } = await import('./view');
            return new TensorBoardView(hub, folders, isLight);
          }
        });
      }
    });
    commands.addCommand(CommandIDs.stopTensorBoard, {
      label: trans.__('Stop TensorBoard'),
      caption: trans.__('End a TensorBoard; the logs it shows are kept'),
      icon: stopIcon,
      describedBy: { args: CommandArguments.tensorboard },
      execute: async args => {
        const id = String(args.id);
        try {
          await trainhub.api.tensorboards.delete(id);
          trainhub.store.remove('tensorboard', id);
        } catch (error) {
          const { notifyFailure } = await import('../notifications');
          notifyFailure(
            trans.__('The TensorBoard could not be stopped.'),
            error,
            trans
          );
        }
      }
    });

    palette?.addItem({
      command: CommandIDs.openTensorBoard,
      category: trans.__('TrainHub')
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openTensorBoard,
        args: ({ content }) => ({ folders: content.folders }),
        name: ({ content }) => content.folders.join(':')
      });
    }
  }
};
