import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Clipboard,
  ICommandPalette,
  WidgetTracker,
  type MainAreaWidget
} from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, type LabIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { CommandArguments, CommandIDs } from '../commands';
import { imageIcon, instanceIcon, jobIcon } from '../icons';
import { openTab } from '../mainArea';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { ImageActions } from './actions';
import type { ImageView } from './browser/details';
import type { ImagesPage } from './browser/widget';

/** Images: the page with all of them, what can be done with one, and long actions on them. */
export const imagesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:images',
  description: 'Commands and a tab for images.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [ICommandPalette, ILayoutRestorer, INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null
  ) => {
    const { commands, serviceManager, shell } = app;
    const { contents } = serviceManager;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const act = async <T>(
      action: (actions: ImageActions) => Promise<T> | T
    ): Promise<T> => {
      const { ImageActions } = await import('./actions');
      return action(new ImageActions(hub));
    };
    const pages = new WidgetTracker<MainAreaWidget<ImagesPage>>({
      namespace: 'trainhub-images'
    });
    const savePage = (content: ImagesPage): void => {
      const page = pages.find(({ content: other }) => other === content);
      if (page) {
        void pages.save(page);
      }
    };

    commands.addCommand(CommandIDs.showImages, {
      label: args => showLabel(args, trans),
      caption: trans.__('Show the images that instances and jobs can use'),
      icon: args => (args.image ? undefined : imageIcon),
      describedBy: { args: CommandArguments.images },
      execute: async args => {
        const { content } = await openTab(shell, pages, {
          id: 'trainhub-images',
          label: trans.__('Images'),
          icon: imageIcon,
          create: async () => {
            const { ImagesPage } = await import('./browser/widget');
            return new ImagesPage(hub, contents);
          }
        });
        // A reload finds the image that was chosen last.
        content.chosen.connect(savePage);
        if (args.image) {
          const view = (args.view ?? 'about') as ImageView;
          content.choose(String(args.image), view);
        }
      }
    });
    commands.addCommand(CommandIDs.refreshImages, {
      label: trans.__('Refresh images'),
      caption: trans.__('Ask the registry for its images again'),
      icon: refreshIcon,
      describedBy: { args: CommandArguments.none },
      execute: () => trainhub.images.refresh()
    });
    const onImage = (
      command: string,
      label: string,
      caption: string,
      execute: (image: string) => unknown,
      icon?: LabIcon
    ): void => {
      commands.addCommand(command, {
        label,
        caption,
        icon,
        describedBy: { args: CommandArguments.image },
        execute: ({ image }) => execute(String(image))
      });
    };
    onImage(
      CommandIDs.startWithImage,
      trans.__('Start an instance with it…'),
      trans.__('Open the form of a new dev instance with this image'),
      image =>
        commands.execute(CommandIDs.openInstanceForm, { mode: 'new', image }),
      instanceIcon
    );
    onImage(
      CommandIDs.submitWithImage,
      trans.__('Submit a job with it…'),
      trans.__(
        'Open the form of a job with this image: for the current notebook, for a command when none is open'
      ),
      image => {
        const path = notebooks?.currentWidget?.context.path;
        return commands.execute(CommandIDs.openJobForm, {
          image,
          ...(path ? { notebook: contents.localPath(path) } : {})
        });
      },
      jobIcon
    );
    onImage(
      CommandIDs.copyImageName,
      trans.__('Copy name'),
      trans.__('Copy the name of the image, as pods name it'),
      image => Clipboard.copyToSystem(image)
    );
    onImage(
      CommandIDs.tagImage,
      trans.__('Add another name…'),
      trans.__('Give the image a second name, without a copy of it'),
      image => act(actions => actions.tag(image))
    );
    onImage(
      CommandIDs.deleteImage,
      trans.__('Delete image…'),
      trans.__('Delete the image from its registry'),
      image => act(actions => actions.delete(image))
    );
    const onTransfer = (
      command: string,
      label: string,
      caption: string,
      execute: (actions: ImageActions, id: string) => Promise<void>
    ): void => {
      commands.addCommand(command, {
        label,
        caption,
        describedBy: { args: CommandArguments.transfer },
        execute: ({ id }) => act(actions => execute(actions, String(id)))
      });
    };
    onTransfer(
      CommandIDs.cancelTransfer,
      trans.__('Cancel'),
      trans.__('Cancel a long action on an image'),
      (actions, id) => actions.cancel(id)
    );
    onTransfer(
      CommandIDs.retryTransfer,
      trans.__('Try again'),
      trans.__('Go on with an action on an image that has failed'),
      (actions, id) => actions.retry(id)
    );
    onTransfer(
      CommandIDs.forgetTransfer,
      trans.__('Remove from the list'),
      trans.__('Forget an action on an image that has ended'),
      (actions, id) => actions.forget(id)
    );

    palette?.addItem({
      command: CommandIDs.showImages,
      category: trans.__('TrainHub')
    });
    if (restorer) {
      void restorer.restore(pages, {
        command: CommandIDs.showImages,
        args: ({ content: { image, view } }) => ({ image, view }),
        name: () => 'images'
      });
    }
  }
};

/** The label of what shows one view of one image, or all of them. */
function showLabel(
  { image, view }: ReadonlyPartialJSONObject,
  trans: TranslationBundle
): string {
  if (!image) {
    return trans.__('Show images');
  }
  switch (view) {
    case 'changes':
      return trans.__('What changed…');
    case 'recipe':
      return trans.__('Recipe…');
    case 'fitness':
      return trans.__('Check…');
    default:
      return trans.__('Show image');
  }
}
