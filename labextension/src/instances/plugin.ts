import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { WidgetTracker, type MainAreaWidget } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import {
  deleteIcon,
  historyIcon,
  launchIcon,
  refreshIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import { CommandArguments, CommandIDs } from '../commands';
import { instanceIcon, tensorboardIcon } from '../icons';
import { openTab } from '../mainArea';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { InstanceViewName } from '../views';
import type { InstanceActions } from './actions';
import type { InstanceTab } from './tab/widget';

/** Dev instances: opening, starting, stopping and deleting them. */
export const instancesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:instances',
  description: 'Commands and tabs for dev instances.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
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
    const tabs = new WidgetTracker<MainAreaWidget<InstanceTab>>({
      namespace: 'trainhub-instances'
    });

    const saveTab = (content: InstanceTab): void => {
      const tab = tabs.find(({ content: other }) => other === content);
      if (tab) {
        void tabs.save(tab);
      }
    };

    commands.addCommand(CommandIDs.openInstance, {
      label: trans.__('Open instance'),
      caption: trans.__('Open a dev instance in a tab'),
      icon: launchIcon,
      describedBy: { args: CommandArguments.openInstance },
      execute: async args => {
        const name = String(args.name);
        const view = args.view as InstanceViewName | undefined;
        const tab = await openTab(shell, tabs, {
          id: `trainhub-instance-${name}`,
          label: name,
          icon: instanceIcon,
          create: async () => {
            const { InstanceTab } = await import('./tab/widget');
            return new InstanceTab(hub, name, view ?? 'lab');
          }
        });
        // A reload finds the view that was chosen last.
        tab.content.viewChanged.connect(saveTab);
        if (view) {
          tab.content.select(view);
        }
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
    commands.addCommand(CommandIDs.restartInstance, {
      label: trans.__('Restart instance…'),
      caption: trans.__(
        'End the pod of a dev instance and start a new one, with its present settings'
      ),
      icon: refreshIcon,
      describedBy: { args: CommandArguments.named },
      execute: args => act(actions => actions.restart(String(args.name)))
    });
    commands.addCommand(CommandIDs.openInstanceLogs, {
      label: trans.__('TensorBoard…'),
      caption: trans.__('Show a log folder of a dev instance in TensorBoard'),
      icon: tensorboardIcon,
      describedBy: { args: CommandArguments.named },
      execute: async args => {
        const { openLogFolder } = await import('./logFolder');
        await openLogFolder(hub, String(args.name));
      }
    });
    commands.addCommand(CommandIDs.extendInstance, {
      label: trans.__('Keep idle instance'),
      caption: trans.__('Keep a dev instance for a while although it is idle'),
      icon: historyIcon,
      describedBy: { args: CommandArguments.extendInstance },
      execute: ({ name, seconds }) =>
        act(actions =>
          actions.extend(
            String(name),
            seconds === undefined ? undefined : Number(seconds)
          )
        )
    });
    commands.addCommand(CommandIDs.deleteInstance, {
      label: trans.__('Delete instance'),
      caption: trans.__('Delete a dev instance and its definition'),
      icon: deleteIcon,
      describedBy: { args: CommandArguments.named },
      execute: args => act(actions => actions.delete(String(args.name)))
    });

    if (restorer) {
      void restorer.restore(tabs, {
        command: CommandIDs.openInstance,
        args: ({ content: { name, view } }) => ({ name, view }),
        name: ({ content }) => content.name
      });
    }
  }
};
