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
import {
  addIcon,
  deleteIcon,
  launchIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import { CommandArguments, CommandIDs } from '../commands';
import { instanceIcon } from '../icons';
import { openTab } from '../mainArea';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { InstanceForm } from './form';
import type { InstanceView } from './view';
import type { InstanceActions } from './actions';

/** Dev instances: creating, opening, starting, stopping and deleting them. */
export const instancesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:instances',
  description: 'Commands and tabs for dev instances.',
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
    const act = async (
      action: (actions: InstanceActions) => Promise<void>
    ): Promise<void> => {
      const { InstanceActions } = await import('./actions');
      await action(new InstanceActions(hub));
    };
    const views = new WidgetTracker<MainAreaWidget<InstanceView>>({
      namespace: 'trainhub-instances'
    });
    const forms = new WidgetTracker<MainAreaWidget<InstanceForm>>({
      namespace: 'trainhub-instance-forms'
    });

    commands.addCommand(CommandIDs.newInstance, {
      label: args =>
        args.isLauncher ? trans.__('New instance') : trans.__('New instance…'),
      caption: trans.__('Create a dev instance: a JupyterLab on the cluster'),
      icon: args => (args.isToolbar ? addIcon : instanceIcon),
      describedBy: { args: CommandArguments.none },
      execute: async () => {
        await openTab(shell, forms, {
          id: 'trainhub-instance-form',
          label: trans.__('New instance'),
          icon: instanceIcon,
          create: async () => {
            const { InstanceForm } = await import('./form');
            const form = new InstanceForm(hub);
            form.created.connect((_, { name }) => {
              form.parent?.dispose();
              void act(actions => actions.announceStart(name));
              void commands.execute(CommandIDs.openInstance, { name });
            });
            return form;
          }
        });
      }
    });
    commands.addCommand(CommandIDs.openInstance, {
      label: trans.__('Open instance'),
      caption: trans.__('Open the JupyterLab of a dev instance in a tab'),
      icon: launchIcon,
      describedBy: { args: CommandArguments.named },
      execute: async args => {
        const name = String(args.name);
        await openTab(shell, views, {
          id: `trainhub-instance-${name}`,
          label: name,
          icon: instanceIcon,
          create: async () => {
            const { InstanceView } = await import('./view');
            return new InstanceView(hub, name);
          }
        });
      }
    });
    commands.addCommand(CommandIDs.startInstance, {
      label: trans.__('Start instance'),
      caption: trans.__('Start a stopped dev instance again'),
      icon: runIcon,
      describedBy: { args: CommandArguments.named },
      execute: args => act(actions => actions.start(String(args.name)))
    });
    commands.addCommand(CommandIDs.stopInstance, {
      label: trans.__('Stop instance'),
      caption: trans.__(
        'Stop a dev instance: its CPUs, memory and GPUs become free, its definition is kept'
      ),
      icon: stopIcon,
      describedBy: { args: CommandArguments.named },
      execute: args => act(actions => actions.stop(String(args.name)))
    });
    commands.addCommand(CommandIDs.deleteInstance, {
      label: trans.__('Delete instance'),
      caption: trans.__('Delete a dev instance and its definition'),
      icon: deleteIcon,
      describedBy: { args: CommandArguments.named },
      execute: args => act(actions => actions.delete(String(args.name)))
    });

    palette?.addItem({
      command: CommandIDs.newInstance,
      category: trans.__('TrainHub')
    });
    if (restorer) {
      void restorer.restore(views, {
        command: CommandIDs.openInstance,
        args: ({ content }) => ({ name: content.name }),
        name: ({ content }) => content.name
      });
      void restorer.restore(forms, {
        command: CommandIDs.newInstance,
        name: ({ id }) => id
      });
    }
  }
};
