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
import { addIcon, copyIcon, editIcon } from '@jupyterlab/ui-components';
import { Debouncer } from '@lumino/polling';
import { CommandArguments, CommandIDs } from '../../commands';
import type { IDraft } from '../../form/draft';
import { instanceIcon } from '../../icons';
import { openTab } from '../../mainArea';
import { ITrainHub } from '../../tokens';
import { loadTranslations } from '../../translation';
import type { FormMode, IInstanceFormOptions } from './draft';
import type { InstanceForm } from './widget';

/** Milliseconds of quiet after which what is typed is kept for a reload. */
const DRAFT_QUIET = 500;

/** The forms of dev instances: new ones, clones, and changes of what is there. */
export const instanceFormPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:instance-form',
  description: 'Commands and tabs for creating, cloning and editing instances.',
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
    const forms = new WidgetTracker<MainAreaWidget<InstanceForm>>({
      namespace: 'trainhub-instance-forms'
    });

    /** Has what is typed saved with the layout, from which a reload brings it back. */
    const keepDraft = (form: InstanceForm): void => {
      const save = new Debouncer(async () => {
        const tab = forms.find(({ content }) => content === form);
        if (tab) {
          await forms.save(tab);
        }
      }, DRAFT_QUIET);
      form.model.form.changed.connect(() => void save.invoke());
      form.disposed.connect(() => save.dispose());
    };
    const create = async (
      options: IInstanceFormOptions
    ): Promise<InstanceForm> => {
      const [{ InstanceForm }, { InstanceActions }] = await Promise.all([
        import('./widget'),
        import('../actions')
      ]);
      const actions = new InstanceActions(hub);
      const form = new InstanceForm(hub, options, name =>
        actions.confirm('restart', name)
      );
      form.sent.connect((_, { instance, mode, restarted }) => {
        const { name } = instance;
        form.parent?.dispose();
        if (mode === 'edit') {
          actions.announceSaved(instance, restarted);
        } else {
          void actions.announceStart(name);
          void commands.execute(CommandIDs.openInstance, { name });
        }
      });
      keepDraft(form);
      return form;
    };

    commands.addCommand(CommandIDs.openInstanceForm, {
      label: trans.__('Open the form of an instance'),
      isVisible: () => false,
      describedBy: { args: CommandArguments.instanceForm },
      execute: async args => {
        const mode = args.mode as FormMode;
        const name = mode === 'new' ? null : String(args.name);
        const titles = {
          new: trans.__('New instance'),
          edit: trans.__('Edit %1', name),
          clone: trans.__('Clone %1', name)
        };
        const image = args.image ? String(args.image) : null;
        const tab = await openTab(shell, forms, {
          id: `trainhub-instance-form-${keyOf(mode, name)}`,
          label: titles[mode],
          icon: instanceIcon,
          create: () =>
            create({ mode, name, draft: (args.draft ?? null) as IDraft | null })
        });
        if (image !== null) {
          tab.content.model.useImage(image);
        }
      }
    });
    commands.addCommand(CommandIDs.newInstance, {
      label: args =>
        args.isLauncher ? trans.__('New instance') : trans.__('New instance…'),
      caption: trans.__('Create a dev instance: a JupyterLab on the cluster'),
      icon: args => (args.isToolbar ? addIcon : instanceIcon),
      describedBy: { args: CommandArguments.none },
      execute: () =>
        commands.execute(CommandIDs.openInstanceForm, { mode: 'new' })
    });
    commands.addCommand(CommandIDs.editInstance, {
      label: trans.__('Edit instance…'),
      caption: trans.__(
        'Change the size, image, storages and settings of a dev instance'
      ),
      icon: editIcon,
      describedBy: { args: CommandArguments.named },
      execute: ({ name }) =>
        commands.execute(CommandIDs.openInstanceForm, { mode: 'edit', name })
    });
    commands.addCommand(CommandIDs.cloneInstance, {
      label: trans.__('Clone instance…'),
      caption: trans.__(
        'Open the form of a new dev instance with the fields of another'
      ),
      icon: copyIcon,
      describedBy: { args: CommandArguments.named },
      execute: ({ name }) =>
        commands.execute(CommandIDs.openInstanceForm, { mode: 'clone', name })
    });

    palette?.addItem({
      command: CommandIDs.newInstance,
      category: trans.__('TrainHub')
    });
    if (restorer) {
      void restorer.restore(forms, {
        command: CommandIDs.openInstanceForm,
        args: ({ content: { model } }) => ({
          mode: model.mode,
          name: model.name,
          draft: model.draft
        }),
        name: ({ content: { model } }) => keyOf(model.mode, model.name)
      });
    }
  }
};

/** What tells a form from the others: one for new instances, one for each that is edited or cloned. */
function keyOf(mode: FormMode, name: string | null): string {
  return mode === 'new' ? mode : `${mode}-${name}`;
}
