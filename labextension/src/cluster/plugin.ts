import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { CommandArguments, CommandIDs } from '../commands';
import { trainhubIcon } from '../icons';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';

/** The cluster that everything runs on. */
export const clusterPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:cluster',
  description: 'Starts the embedded cluster where no other is configured.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const { api, store } = trainhub;
    const trans = loadTranslations(translator);
    app.commands.addCommand(CommandIDs.startCluster, {
      label: trans.__('Start embedded cluster'),
      caption: trans.__(
        'Start a small Kubernetes on the machine of the Jupyter server'
      ),
      icon: trainhubIcon,
      describedBy: { args: CommandArguments.none },
      execute: async () => {
        const { notifyWhile } = await import('../notifications');
        const { waitUntil } = await import('../waiting');
        await notifyWhile(
          async () => {
            await api.startCluster();
            await store.refresh();
            await waitUntil(
              store,
              () => store.status?.cluster.state !== 'starting'
            );
            if (store.status?.cluster.state !== 'ready') {
              throw new Error(
                store.status?.cluster.message ??
                  trans.__('The cluster cannot be reached.')
              );
            }
          },
          {
            pending: trans.__('The embedded cluster is starting…'),
            success: trans.__('The embedded cluster is running.'),
            failure: trans.__('The embedded cluster did not start.')
          },
          trans
        );
      }
    });
    palette?.addItem({
      command: CommandIDs.startCluster,
      category: trans.__('TrainHub')
    });
  }
};
