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
  deleteIcon,
  launchIcon,
  refreshIcon,
  stopIcon,
  terminalIcon
} from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { CommandIDs } from '../commands';
import { jobIcon, pinIcon } from '../icons';
import { openTab } from '../mainArea';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { JobActions } from './actions';
import { JobArguments } from './commandArguments';
import { currentJob } from './current';
import type { JobPage } from './page/widget';
import type { JobTabName } from './views';

/** Training jobs: their pages, and what can be done to them. */
export const jobsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:jobs',
  description: 'Commands and tabs for training jobs.',
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
      action: (actions: JobActions) => Promise<void>
    ): Promise<void> => {
      const { JobActions } = await import('./actions');
      await action(new JobActions(hub));
    };
    const pages = new WidgetTracker<MainAreaWidget<JobPage>>({
      namespace: 'trainhub-jobs'
    });

    /** The jobs that a command is about: those named, else the one whose page is in front. */
    const namesIn = ({ name, names }: ReadonlyPartialJSONObject): string[] => {
      const one = name ?? currentJob(shell);
      return Array.isArray(names)
        ? names.map(String)
        : one
          ? [String(one)]
          : [];
    };
    const isEnabled = (args: ReadonlyPartialJSONObject): boolean =>
      namesIn(args).length > 0;
    const savePage = (content: JobPage): void => {
      const page = pages.find(other => other.content === content);
      if (page) {
        void pages.save(page);
      }
    };

    commands.addCommand(CommandIDs.openJob, {
      label: trans.__('Open job'),
      caption: trans.__('Open the page of a job'),
      icon: launchIcon,
      describedBy: { args: JobArguments.page },
      execute: async args => {
        const name = String(args.name);
        const tab = args.tab as JobTabName | undefined;
        const page = await openTab(shell, pages, {
          id: `trainhub-job-${name}`,
          label: name,
          icon: jobIcon,
          create: async () => {
            const { JobPage } = await import('./page/widget');
            const page = new JobPage(hub, name, tab ?? 'log');
            // A reload finds the tab that was chosen last.
            page.tabChanged.connect(savePage);
            return page;
          }
        });
        if (tab) {
          page.content.select(tab, (args.rank ?? null) as number | null, {
            attempt: args.attempt as number | undefined,
            find: args.find as string | undefined
          });
        }
      }
    });
    commands.addCommand(CommandIDs.stopJob, {
      label: trans.__('Stop job'),
      caption: trans.__('End the pods of a job; its logs are kept'),
      icon: stopIcon,
      describedBy: { args: JobArguments.some },
      isEnabled,
      execute: args => act(actions => actions.stop(namesIn(args)))
    });
    commands.addCommand(CommandIDs.resubmitJob, {
      label: trans.__('Submit job again'),
      caption: trans.__(
        'Run the code of a job, as it was submitted, once more'
      ),
      icon: refreshIcon,
      describedBy: { args: JobArguments.some },
      isEnabled,
      execute: args => act(actions => actions.resubmit(namesIn(args)))
    });
    commands.addCommand(CommandIDs.pinJob, {
      label: ({ pinned }) =>
        pinned === false ? trans.__('Unpin job') : trans.__('Pin job'),
      caption: trans.__('Keep a job at the top of lists, or no longer'),
      icon: pinIcon,
      describedBy: { args: JobArguments.pin },
      isEnabled,
      execute: args =>
        act(actions => actions.pin(namesIn(args), args.pinned !== false))
    });
    commands.addCommand(CommandIDs.deleteJob, {
      label: trans.__('Delete job'),
      caption: trans.__('Delete a job and its pods; its run record is kept'),
      icon: deleteIcon,
      describedBy: { args: JobArguments.some },
      isEnabled,
      execute: args =>
        act(async actions => {
          for (const name of await actions.delete(namesIn(args))) {
            pages.find(({ content }) => content.name === name)?.dispose();
          }
        })
    });
    commands.addCommand(CommandIDs.showJobSsh, {
      label: trans.__('SSH to job'),
      caption: trans.__(
        'Show the commands that enter the pods of a job by SSH'
      ),
      icon: jobIcon,
      describedBy: { args: JobArguments.page },
      execute: async ({ name, rank }) => {
        const { showJobSsh } = await import('./ssh/dialog');
        await showJobSsh(hub, String(name), (rank ?? null) as number | null);
      }
    });
    commands.addCommand(CommandIDs.openJobShell, {
      label: trans.__('Open shell in job'),
      caption: trans.__('Open a shell in a running pod of a job'),
      icon: terminalIcon,
      describedBy: { args: JobArguments.page },
      isEnabled: ({ name }) => Boolean(name ?? currentJob(shell)),
      execute: ({ name, rank }) =>
        commands.execute(CommandIDs.openJob, {
          name: name ?? currentJob(shell),
          tab: 'shell',
          rank
        })
    });

    const category = trans.__('TrainHub');
    [
      CommandIDs.openJobShell,
      CommandIDs.stopJob,
      CommandIDs.resubmitJob,
      CommandIDs.pinJob,
      CommandIDs.deleteJob
    ].forEach(command => palette?.addItem({ command, category }));
    if (restorer) {
      void restorer.restore(pages, {
        command: CommandIDs.openJob,
        args: ({ content: { name, tab } }) => ({ name, tab }),
        name: ({ content }) => content.name
      });
    }
  }
};
