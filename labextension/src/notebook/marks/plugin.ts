import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';
import { CommandArguments, CommandIDs } from '../../commands';
import type { IPlace } from '../../jobs/failure/views';
import { ITrainHub } from '../../tokens';
import { loadTranslations } from '../../translation';
import { DismissedFailures } from './dismissed';
import type { NotebookMarks } from './notebookMarks';

/** The errors of jobs, on the cells of open notebooks that they came from. */
export const notebookMarksPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:notebook-marks',
  description: 'Marks the cells in which jobs of a notebook failed.',
  autoStart: true,
  requires: [ITrainHub, INotebookTracker],
  optional: [ICommandPalette, IStatusBar, IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    statusBar: IStatusBar | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const { commands, serviceManager } = app;
    const { contents } = serviceManager;
    const trans = loadTranslations(translator);
    const hub = { ...trainhub, commands, trans };
    const dismissed = new DismissedFailures(state);
    const marked = new Map<NotebookPanel, Promise<NotebookMarks>>();

    const mark = (panel: NotebookPanel): Promise<NotebookMarks> => {
      const known = marked.get(panel);
      if (known) {
        return known;
      }
      const marks = import('./notebookMarks').then(
        ({ NotebookMarks }) =>
          new NotebookMarks(panel, hub, contents, dismissed)
      );
      marked.set(panel, marks);
      panel.disposed.connect(() => marked.delete(panel));
      return marks;
    };
    const current = async (): Promise<NotebookMarks | null> =>
      notebooks.currentWidget && (await mark(notebooks.currentWidget));

    notebooks.widgetAdded.connect((_, panel) => void mark(panel));
    notebooks.forEach(panel => void mark(panel));

    commands.addCommand(CommandIDs.showNextError, {
      label: trans.__('Show next error of the job'),
      caption: trans.__(
        'Go to the next cell of this notebook in which a job failed'
      ),
      describedBy: { args: CommandArguments.none },
      isEnabled: () => notebooks.currentWidget !== null,
      execute: async () => (await current())?.showNext()
    });
    commands.addCommand(CommandIDs.showCell, {
      label: trans.__('Show cell'),
      caption: trans.__(
        'Open a notebook at a cell and line of it as it was submitted'
      ),
      describedBy: { args: CommandArguments.cell },
      execute: async args => {
        const path = String(args.path);
        const { notifyFailure } = await import('../../notifications');
        try {
          await contents.get(path, { content: false });
        } catch (error) {
          notifyFailure(
            trans.__('The notebook %1 is not there any more.', path),
            error,
            trans
          );
          return;
        }
        const widget: unknown = await commands.execute('docmanager:open', {
          path
        });
        // Elsewhere than in JupyterLab it opens a page of its own.
        const panel = notebooks.find(panel => panel === widget);
        if (!panel) {
          return;
        }
        await panel.context.ready;
        const marks = await mark(panel);
        if (!(await marks.show(args as unknown as IPlace))) {
          const { Notification } = await import('@jupyterlab/apputils');
          Notification.info(
            trans.__(
              'The cell is not in %1 any more. The run record of the job has it.',
              path
            )
          );
        }
      }
    });
    palette?.addItem({
      command: CommandIDs.showNextError,
      category: trans.__('TrainHub')
    });
    notebooks.currentChanged.connect(() =>
      commands.notifyCommandChanged(CommandIDs.showNextError)
    );

    if (statusBar) {
      void import('./status').then(({ MarkStatus }) => {
        const item = new MarkStatus(hub);
        const follow = async (): Promise<void> => {
          const panel = notebooks.currentWidget;
          const marks = await current();
          if (panel === notebooks.currentWidget) {
            item.notebook = marks;
          }
        };
        notebooks.currentChanged.connect(() => void follow());
        void follow();
        statusBar.registerStatusItem('jupyter_trainhub:marks', {
          item,
          align: 'left',
          rank: 20
        });
      });
    }
  }
};
