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
import { addIcon, copyIcon } from '@jupyterlab/ui-components';
import { Debouncer } from '@lumino/polling';
import { CommandArguments, CommandIDs } from '../../commands';
import { jobIcon } from '../../icons';
import { openTab } from '../../mainArea';
import { ITrainHub } from '../../tokens';
import { loadTranslations } from '../../translation';
import { JobArguments } from '../commandArguments';
import { currentJob } from '../current';
import type { IJobDraft, IJobFormOptions } from './draft';
import type { JobForm } from './widget';

/** Milliseconds of quiet after which what is typed is kept for a reload. */
const DRAFT_QUIET = 500;

/** The forms of jobs: of notebooks, of commands, and of clones. */
export const jobFormPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:job-form',
  description: 'Commands and tabs for submitting and cloning jobs.',
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
    const { commands, shell } = app;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const forms = new WidgetTracker<MainAreaWidget<JobForm>>({
      namespace: 'trainhub-job-forms'
    });

    /** Has what is typed saved with the layout, from which a reload brings it back. */
    const keepDraft = (form: JobForm): void => {
      const save = new Debouncer(async () => {
        const tab = forms.find(({ content }) => content === form);
        if (tab) {
          await forms.save(tab);
        }
      }, DRAFT_QUIET);
      form.model.changed.connect(() => void save.invoke());
      form.disposed.connect(() => save.dispose());
    };
    const create = async (options: IJobFormOptions): Promise<JobForm> => {
      const [{ JobForm }, { JobActions }] = await Promise.all([
        import('./widget'),
        import('../actions')
      ]);
      const form = new JobForm(hub, options);
      form.submitted.connect((_, { name }) => {
        form.parent?.dispose();
        const message = trans.__('Job %1 is submitted.', name);
        new JobActions(hub).announce(name, message);
        void commands.execute(CommandIDs.openJob, { name });
      });
      keepDraft(form);
      return form;
    };
    /** The job that is cloned. A draft of its clone does without it when it is gone. */
    const cloned = async (
      name: string | null,
      draft: IJobDraft | null
    ): Promise<IJobFormOptions['clone']> => {
      try {
        return name === null ? null : await trainhub.api.jobs.get(name);
      } catch (error) {
        if (draft) {
          return null;
        }
        throw error;
      }
    };

    commands.addCommand(CommandIDs.openJobForm, {
      label: trans.__('Submit job…'),
      caption: trans.__('Open the form of a job'),
      icon: jobIcon,
      describedBy: { args: JobArguments.form },
      execute: async args => {
        const cloneName = args.clone ? String(args.clone) : null;
        const draft = (args.draft ?? null) as IJobDraft | null;
        const clone = await cloned(cloneName, draft);
        const notebook =
          args.notebook ?? clone?.spec.notebook ?? draft?.spec.notebook;
        const path = notebook ? String(notebook) : null;
        const image = args.image ? String(args.image) : null;
        const key = cloneName ? `clone-${cloneName}` : (path ?? '');
        await openTab(shell, forms, {
          id: `trainhub-job-form-${key}${image ? `-${image}` : ''}`,
          label: cloneName
            ? trans.__('Clone %1', cloneName)
            : trans.__('Submit job'),
          icon: jobIcon,
          create: async () => {
            const { SourceFile } = await import('../../notebook/source');
            const source = path === null ? null : new SourceFile(path, app);
            return create({ source, clone, cloneName, image, draft });
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
    commands.addCommand(CommandIDs.cloneJob, {
      label: trans.__('Clone job…'),
      caption: trans.__('Open the form of a job with the fields of another'),
      icon: copyIcon,
      describedBy: { args: JobArguments.some },
      isEnabled: ({ name }) => Boolean(name ?? currentJob(shell)),
      execute: async args => {
        const clone = String(args.name ?? currentJob(shell));
        try {
          await commands.execute(CommandIDs.openJobForm, { clone });
        } catch (error) {
          const { notifyFailure } = await import('../../notifications');
          notifyFailure(
            trans.__('Job %1 could not be cloned.', clone),
            error,
            trans
          );
        }
      }
    });

    const category = trans.__('TrainHub');
    [CommandIDs.submitCommand, CommandIDs.cloneJob].forEach(command =>
      palette?.addItem({ command, category })
    );
    if (restorer) {
      void restorer.restore(forms, {
        command: CommandIDs.openJobForm,
        args: ({ content: { options, model } }) => ({
          ...(options.source ? { notebook: options.source.path } : {}),
          ...(options.cloneName ? { clone: options.cloneName } : {}),
          ...(options.image ? { image: options.image } : {}),
          draft: model.draft
        }),
        name: ({ id }) => id
      });
    }
  }
};
