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
import { saveIcon } from '@jupyterlab/ui-components';
import { Debouncer } from '@lumino/polling';
import { CommandArguments, CommandIDs } from '../../commands';
import { imageIcon } from '../../icons';
import { openTab } from '../../mainArea';
import { ITrainHub } from '../../tokens';
import { loadTranslations } from '../../translation';
import type { Choice } from './selection';
import type { SaveTab } from './widget';

/** Milliseconds of quiet after which what is chosen is kept for a reload. */
const DRAFT_QUIET = 500;

/** Saving dev instances as images. */
export const savePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:save-instance',
  description: 'A command and tabs that save instances as images.',
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
    const { store } = trainhub;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const tabs = new WidgetTracker<MainAreaWidget<SaveTab>>({
      namespace: 'trainhub-save-instances'
    });

    /** The instance whose tab is in front; null when that is another tab. */
    const currentInstance = (): string | null =>
      shell.currentWidget?.node.querySelector<HTMLElement>(
        '[data-trainhub-instance]'
      )?.dataset.trainhubInstance ?? null;

    /** Asks which of the instances that run is meant. */
    const askForInstance = async (): Promise<string | null> => {
      const { InputDialog, showDialog, Dialog } =
        await import('@jupyterlab/apputils');
      if (!store.isLoaded('instance')) {
        await store.refresh();
      }
      const items = store
        .list('instance')
        .filter(({ phase }) => phase === 'Running')
        .map(({ name }) => name);
      const title = trans.__('Save an instance as an image');
      if (items.length === 0) {
        await showDialog({
          title,
          body: trans.__('No instance runs.'),
          buttons: [Dialog.okButton({ label: trans.__('Close') })]
        });
        return null;
      }
      const { value } = await InputDialog.getItem({
        title,
        label: trans.__('Instance'),
        items,
        okLabel: trans.__('Go on')
      });
      return value;
    };
    const create = async (
      name: string,
      draft: Choice | null
    ): Promise<SaveTab> => {
      const [{ SaveTab }, { ImageActions }] = await Promise.all([
        import('./widget'),
        import('../actions')
      ]);
      const content = new SaveTab(hub, name, draft);
      const actions = new ImageActions(hub);
      content.begun.connect((_, transfer) => actions.begin(transfer));
      const keep = new Debouncer(async () => {
        const tab = tabs.find(other => other.content === content);
        if (tab) {
          await tabs.save(tab);
        }
      }, DRAFT_QUIET);
      content.model.changed.connect(() => void keep.invoke());
      content.disposed.connect(() => keep.dispose());
      return content;
    };

    commands.addCommand(CommandIDs.saveInstance, {
      label: trans.__('Save as image…'),
      caption: trans.__(
        'Save what has changed in a dev instance as an image, from which others start'
      ),
      icon: saveIcon,
      describedBy: { args: CommandArguments.saveInstance },
      execute: async args => {
        const name = args.name
          ? String(args.name)
          : (currentInstance() ?? (await askForInstance()));
        if (!name) {
          return;
        }
        await openTab(shell, tabs, {
          id: `trainhub-save-${name}`,
          label: trans.__('Save %1', name),
          icon: imageIcon,
          create: () => create(name, (args.draft ?? null) as Choice | null)
        });
      }
    });
    palette?.addItem({
      command: CommandIDs.saveInstance,
      category: trans.__('TrainHub')
    });
    if (restorer) {
      void restorer.restore(tabs, {
        command: CommandIDs.saveInstance,
        args: ({ content: { model } }) => ({
          name: model.instance,
          draft: model.choice
        }),
        name: ({ content: { model } }) => model.instance
      });
    }
  }
};
