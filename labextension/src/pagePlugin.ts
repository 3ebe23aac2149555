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
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';
import { CommandArguments } from './commands';
import type { IHubContext } from './context';
import { openTab } from './mainArea';
import { ITrainHub } from './tokens';
import { loadTranslations } from './translation';

/** A page of the main area of which there is one. */
interface IPage {
  /** What it is called in the layout that is saved, and in the page. */
  name: string;
  /** What the plugin does, for those who list plugins. */
  description: string;
  /** The command that shows it. */
  command: string;
  icon: LabIcon;
  /** Of its tab, and of the command. */
  words: (trans: TranslationBundle) => {
    title: string;
    label: string;
    caption: string;
  };
  create: (hub: IHubContext) => Promise<Widget>;
}

/** A plugin with a page, which the palette opens and a reload brings back. */
export function pagePlugin(page: IPage): JupyterFrontEndPlugin<void> {
  const { name, description, command, icon } = page;
  return {
    id: `jupyter_trainhub:${name}`,
    description,
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
      const { title, label, caption } = page.words(trans);
      const id = `trainhub-${name}`;
      const pages = new WidgetTracker<MainAreaWidget>({ namespace: id });
      const create = (): Promise<Widget> =>
        page.create({ ...trainhub, commands, trans });
      commands.addCommand(command, {
        label,
        caption,
        icon,
        describedBy: { args: CommandArguments.none },
        execute: async () => {
          await openTab(shell, pages, { id, label: title, icon, create });
        }
      });
      palette?.addItem({ command, category: trans.__('TrainHub') });
      void restorer?.restore(pages, { command, name: () => name });
    }
  };
}
