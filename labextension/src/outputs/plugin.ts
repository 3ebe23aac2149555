import {
  ILabShell,
  IRouter,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { CommandArguments, CommandIDs } from '../commands';
import { loadTranslations } from '../translation';

import { OUTPUT, OutputRenderer, type IWanted } from './renderer';

/** Before Jupyter's own renderer of widgets, which has -10. */
const RANK = -20;

/** An address of JupyterLab that asks for a job's page. */
const LINK = /[?&]trainhub-job=[^&]/;

const OPENS: Record<IWanted['kind'], string> = {
  job: CommandIDs.openJob,
  instance: CommandIDs.openInstance,
  tensorboard: CommandIDs.openTensorBoard
};

/** Our widgets in the outputs of cells: what is around them, and what stays when they are gone. */
export const outputsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:outputs',
  description:
    'Shows the last state of widgets in notebooks, and opens what they refer to.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ILabShell, IRouter, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    lab: ILabShell | null,
    router: IRouter | null,
    translator: ITranslator | null
  ) => {
    const { commands } = app;
    const trans = loadTranslations(translator);

    const open = ({ kind, ...wanted }: IWanted): boolean => {
      // Notebook 7 has one tab, which is the notebook's.
      const can = lab !== null && commands.hasCommand(OPENS[kind]);
      if (can) {
        void commands.execute(OPENS[kind], wanted as ReadonlyPartialJSONObject);
      }
      return can;
    };
    const prepare = ({ content: { rendermime } }: NotebookPanel): void => {
      rendermime.addFactory(
        {
          safe: false,
          mimeTypes: [OUTPUT],
          createRenderer: () => new OutputRenderer(rendermime, open)
        },
        RANK
      );
    };
    notebooks.forEach(prepare);
    notebooks.widgetAdded.connect((_, panel) => prepare(panel));

    if (lab && router) {
      commands.addCommand(CommandIDs.openLinkedJob, {
        label: trans.__('Open job'),
        caption: trans.__('Open the page of the job that the address names'),
        describedBy: { args: CommandArguments.none },
        execute: async () => {
          const { path, search } = router.current;
          const query = new URLSearchParams(search);
          const name = query.get('trainhub-job');
          query.delete('trainhub-job');
          // Loading the page anew shall not bring back a tab that was closed.
          const rest = query.toString();
          router.navigate(`${path}${rest ? `?${rest}` : ''}`, {
            skipRouting: true
          });
          await app.restored;
          await commands.execute(CommandIDs.openJob, { name });
        }
      });
      router.register({ command: CommandIDs.openLinkedJob, pattern: LINK });
    }
  }
};
