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
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
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
    commands.addCommand(CommandIDs.startWithImage, {
      label: trans.__('Start an instance with it…'),
      caption: trans.__('Open the form of a new dev instance with this image'),
      icon: instanceIcon,
      describedBy: { args: CommandArguments.image },
      execute: ({ image }) =>
        commands.execute(CommandIDs.openInstanceForm, { mode: 'new', image })
    });
    commands.addCommand(CommandIDs.submitWithImage, {
      label: trans.__('Submit a job with it…'),
      caption: trans.__(
        'Open the form of a job with this image: for the current notebook, for a command when none is open'
      ),
      icon: jobIcon,
      describedBy: { args: CommandArguments.image },
      execute: ({ image }) => {
        const path = notebooks?.currentWidget?.context.path;
        return commands.execute(CommandIDs.openJobForm, {
          image,
          ...(path ? { notebook: contents.localPath(path) } : {})
        });
      }
    });
    commands.addCommand(CommandIDs.copyImageName, {
      label: trans.__('Copy name'),
      caption: trans.__('Copy the name of the image, as pods name it'),
      describedBy: { args: CommandArguments.image },
      execute: ({ image }) => act(actions => actions.copyName(String(image)))
    });
    commands.addCommand(CommandIDs.tagImage, {
      label: trans.__('Add another name…'),
      caption: trans.__('Give the image a second name, without a copy of it'),
      describedBy: { args: CommandArguments.image },
      execute: ({ image }) => act(actions => actions.tag(String(image)))
    });
    commands.addCommand(CommandIDs.deleteImage, {
      label: trans.__('Delete image…'),
      caption: trans.__('Delete the image from its registry'),
      describedBy: { args: CommandArguments.image },
      execute: ({ image }) => act(actions => actions.delete(String(image)))
    });
    commands.addCommand(CommandIDs.cancelTransfer, {
      label: trans.__('Cancel'),
      caption: trans.__('Cancel a long action on an image'),
      describedBy: { args: CommandArguments.transfer },
      execute: ({ id }) => act(actions => actions.cancel(String(id)))
    });
    commands.addCommand(CommandIDs.retryTransfer, {
      label: trans.__('Try again'),
      caption: trans.__('Go on with an action on an image that has failed'),
      describedBy: { args: CommandArguments.transfer },
      execute: ({ id }) => act(actions => actions.retry(String(id)))
    });
    commands.addCommand(CommandIDs.forgetTransfer, {
      label: trans.__('Remove from the list'),
      caption: trans.__('Forget an action on an image that has ended'),
      describedBy: { args: CommandArguments.transfer },
      execute: ({ id }) => act(actions => actions.forget(String(id)))
    });

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
