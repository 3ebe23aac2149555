import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator } from '@jupyterlab/translation';
import { CommandArguments, CommandIDs } from '../commands';
import { imageIcon } from '../icons';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { ImageActions } from './actions';

/** How files end that may be archives of images. */
const EXTENSIONS = ['.tar', '.tar.gz', '.tgz', '.tar.zst'];

/**
 * Images from archives and from other registries, and to archives; the context menu entry is in
 * `schema/plugin.json`.
 */
export const archivesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:image-archives',
  description: 'Loads, copies and exports images.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [ICommandPalette, IFileBrowserFactory, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    translator: ITranslator | null
  ) => {
    const { commands, docRegistry, serviceManager } = app;
    const { contents } = serviceManager;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const act = async (
      action: (actions: ImageActions) => Promise<void>
    ): Promise<void> => {
      const { ImageActions } = await import('./actions');
      await action(new ImageActions(hub));
    };
    const pick = async (): Promise<string | null> => {
      const manager = browsers?.tracker.currentWidget?.model.manager;
      if (!manager) {
        return null;
      }
      const { FileDialog } = await import('@jupyterlab/filebrowser');
      const { button, value } = await FileDialog.getOpenFiles({
        manager,
        title: trans.__('Choose an archive'),
        translator: translator ?? undefined,
        filter: ({ type, name }) =>
          type === 'directory' || EXTENSIONS.some(end => name.endsWith(end))
            ? {}
            : null
      });
      const [file] = value ?? [];
      return button.accept && file?.type === 'file'
        ? contents.localPath(file.path)
        : null;
    };

    docRegistry.addFileType({
      name: 'trainhub-archive',
      displayName: trans.__('Archive'),
      extensions: EXTENSIONS,
      mimeTypes: ['application/x-tar'],
      contentType: 'file',
      fileFormat: 'base64'
    });
    commands.addCommand(CommandIDs.loadImage, {
      label: trans.__('Load an image from an archive…'),
      caption: trans.__('Make an image of what docker save has written'),
      icon: imageIcon,
      describedBy: { args: CommandArguments.archive },
      execute: ({ path }) =>
        act(actions =>
          actions.load(path ? String(path) : null, browsers ? pick : null)
        )
    });
    commands.addCommand(CommandIDs.loadImageFile, {
      label: trans.__('Load as image…'),
      caption: trans.__('Make an image of the selected archive'),
      icon: imageIcon,
      describedBy: { args: CommandArguments.none },
      execute: async () => {
        const item = browsers?.tracker.currentWidget?.selectedItems().next();
        if (item && !item.done) {
          await commands.execute(CommandIDs.loadImage, {
            path: contents.localPath(item.value.path)
          });
        }
      }
    });
    commands.addCommand(CommandIDs.copyImage, {
      label: trans.__('Copy an image from a registry…'),
      caption: trans.__(
        'Copy an image of another registry to the one of the cluster'
      ),
      icon: imageIcon,
      describedBy: { args: CommandArguments.none },
      execute: () => act(actions => actions.copy())
    });
    commands.addCommand(CommandIDs.exportImage, {
      label: trans.__('Export…'),
      caption: trans.__('Write the image to an archive'),
      describedBy: { args: CommandArguments.image },
      execute: ({ image }) => {
        const folder = browsers?.tracker.currentWidget?.model.path ?? '';
        return act(actions =>
          actions.export(String(image), contents.localPath(folder))
        );
      }
    });
    for (const command of [CommandIDs.loadImage, CommandIDs.copyImage]) {
      palette?.addItem({ command, category: trans.__('TrainHub') });
    }
  }
};
