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
import { ITranslator } from '@jupyterlab/translation';
import {
  addIcon,
  copyIcon,
  deleteIcon,
  launchIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import { CommandArguments, CommandIDs } from '../commands';
import { jobIcon } from '../icons';
import { openTab } from '../mainArea';
import { NotebookSource } from '../notebook/source';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';
import type { JobActions } from './actions';
import type { JobForm } from './form/widget';
import type { JobPage } from './page';

/** Training jobs: submitting, following, stopping, cloning and deleting them. */
export const jobsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:jobs',
  description: 'Commands and tabs for training jobs.',
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
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const act = async <T>(
      action: (actions: JobActions) => Promise<T>
    ): Promise<T> => {
      const { JobActions } = await import('./actions');
      return action(new JobActions(hub));
    };
    const pages = new WidgetTracker<MainAreaWidget<JobPage>>({
      namespace: 'trainhub-jobs'
    });
    const forms = new WidgetTracker<MainAreaWidget<JobForm>>({
      namespace: 'trainhub-job-forms'
    });

    commands.addCommand(CommandIDs.openJobForm, {
      label: trans.__('Submit job…'),
      caption: trans.__('Open the form of a job'),
      icon: jobIcon,
      describedBy: { args: CommandArguments.jobForm },
      execute: async args => {
        const cloneName = args.clone ? String(args.clone) : null;
        const clone = cloneName
          ? (await trainhub.api.jobs.get(cloneName)).spec
          : null;
        const notebook = args.notebook ?? clone?.notebook;
        const path = notebook ? String(notebook) : null;
        const image = args.image ? String(args.image) : null;
        const key = cloneName ? `clone-${cloneName}` : (path ?? '');
        await openTab(shell, forms, {
          id: `trainhub-job-form-${key}${image ? `-${image}` : ''}`,
          label: trans.__('Submit job'),
          icon: jobIcon,
          create: async () => {
            const { JobForm } = await import('./form/widget');
            const source =
              path === null
                ? null
                : new NotebookSource(path, serviceManager.contents, notebooks);
            const form = new JobForm(hub, { source, clone, cloneName, image });
            form.submitted.connect((_, { name }) => {
              form.parent?.dispose();
              void act(actions => actions.announceEnd(name));
              void commands.execute(CommandIDs.openJob, { name });
            });
            return form;
          }
        });
      }
    });
    commands.addCommand(CommandIDs.submitCommand, {
      label: trans.__('Submit command as job…'),
      caption: trans.__('Run a command on one or several nodes of the cluster'),
      icon: jobIcon,
      describedBy: { args: CommandArguments.none },
      execute: () => commands.execute(CommandIDs.openJobForm)
    });
    commands.addCommand(CommandIDs.submitJob, {
      label: args =>
        args.isLauncher ? trans.__('Submit job') : trans.__('Submit job…'),
      caption: trans.__(
        'Run the current notebook as a job; a command when no notebook is open'
      ),
      icon: args => (args.isToolbar ? addIcon : jobIcon),
      describedBy: { args: CommandArguments.none },
      execute: () =>
        commands.execute(
          notebooks?.currentWidget &&
            commands.hasCommand(CommandIDs.submitNotebook)
            ? CommandIDs.submitNotebook
            : CommandIDs.submitCommand
        )
    });
    commands.addCommand(CommandIDs.openJob, {
      label: trans.__('Open job'),
      caption: trans.__('Open the page of a job'),
      icon: launchIcon,
      describedBy: { args: CommandArguments.named },
      execute: async args => {
        const name = String(args.name);
        await openTab(shell, pages, {
          id: `trainhub-job-${name}`,
          label: name,
          icon: jobIcon,
          create: async () => {
            const { JobPage } = await import('./page');
            return new JobPage(hub, name);
          }
        });
      }
    });
    commands.addCommand(CommandIDs.cloneJob, {
      label: trans.__('Clone job…'),
      caption: trans.__('Open the form of a job with the fields of another'),
      icon: copyIcon,
      describedBy: { args: CommandArguments.named },
      execute: async args => {
        const clone = String(args.name);
        try {
          await commands.execute(CommandIDs.openJobForm, { clone });
        } catch (error) {
          const { notifyFailure } = await import('../notifications');
          notifyFailure(
            trans.__('Job %1 could not be cloned.', clone),
            error,
            trans
          );
        }
      }
    });
    commands.addCommand(CommandIDs.stopJob, {
      label: trans.__('Stop job'),
      caption: trans.__(
        'End the pods of a job and their logs; its definition is kept'
      ),
      icon: stopIcon,
      describedBy: { args: CommandArguments.named },
      execute: args => act(actions => actions.stop(String(args.name)))
    });
    commands.addCommand(CommandIDs.deleteJob, {
      label: trans.__('Delete job'),
      caption: trans.__('Delete a job with its log, events and spec'),
      icon: deleteIcon,
      describedBy: { args: CommandArguments.named },
      execute: async args => {
        const name = String(args.name);
        if (await act(actions => actions.delete(name))) {
          pages.find(({ content }) => content.name === name)?.dispose();
        }
      }
    });

    palette?.addItem({
      command: CommandIDs.submitCommand,
      category: trans.__('TrainHub')
    });
    if (restorer) {
      void restorer.restore(pages, {
        command: CommandIDs.openJob,
        args: ({ content }) => ({ name: content.name }),
        name: ({ content }) => content.name
      });
      void restorer.restore(forms, {
        command: CommandIDs.openJobForm,
        args: ({ content: { options } }) => ({
          ...(options.source ? { notebook: options.source.path } : {}),
          ...(options.cloneName ? { clone: options.cloneName } : {}),
          ...(options.image ? { image: options.image } : {})
        }),
        name: ({ id }) => id
      });
    }
  }
};
