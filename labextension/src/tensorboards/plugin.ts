import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, IThemeManager } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator } from '@jupyterlab/translation';
import { CommandIDs } from '../commands';
import { tensorboardIcon } from '../icons';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import { TensorBoardCommands } from './commands';
import { EVENT_FILE } from './files';
import { TensorBoardTabs } from './tabs';
import { keyOfTarget } from './target';

/** TensorBoards on log folders; the context menu entries are in `schema/plugin.json`. */
export const tensorboardsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:tensorboards',
  description: 'Opens log folders in TensorBoard.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [
    ICommandPalette,
    IFileBrowserFactory,
    ILabShell,
    ILayoutRestorer,
    IThemeManager,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    themes: IThemeManager | null,
    translator: ITranslator | null
  ) => {
    const { commands, docRegistry, serviceManager } = app;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const tabs = new TensorBoardTabs(
      hub,
      shell,
      () => !themes?.theme || themes.isLight(themes.theme)
    );
    themes?.themeChanged.connect(() =>
      tabs.tracker.forEach(({ content }) => content.keeper.followTheme())
    );
    docRegistry.addFileType({
      name: 'trainhub-events',
      displayName: trans.__('TensorBoard events'),
      pattern: EVENT_FILE.source,
      mimeTypes: ['application/octet-stream'],
      contentType: 'file',
      fileFormat: 'base64',
      icon: tensorboardIcon
    });
    new TensorBoardCommands(
      hub,
      tabs,
      serviceManager.contents,
      () => browsers?.tracker.currentWidget ?? null
    ).register();
    for (const command of [
      CommandIDs.openTensorBoard,
      CommandIDs.newTensorBoard,
      CommandIDs.addToTensorBoard
    ]) {
      palette?.addItem({ command, category: trans.__('TrainHub') });
    }
    if (restorer) {
      void restorer.restore(tabs.tracker, {
        command: CommandIDs.openTensorBoard,
        args: ({ content }) => content.model.target,
        name: ({ content }) => keyOfTarget(content.model.target)
      });
    }
  }
};
