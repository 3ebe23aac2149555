import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { WidgetTracker, type MainAreaWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { ITranslator } from '@jupyterlab/translation';
import { CommandArguments, CommandIDs } from '../../commands';
import { jobIcon } from '../../icons';
import { openTab } from '../../mainArea';
import { ITrainHub } from '../../tokens';
import { loadTranslations } from '../../translation';
import type { JobPreview } from './widget';

/** Tabs that show what would run of a file. */
export const jobPreviewPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:job-preview',
  description: 'Shows what would run of a notebook or script as a job.',
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
    const previews = new WidgetTracker<MainAreaWidget<JobPreview>>({
      namespace: 'trainhub-job-previews'
    });
    commands.addCommand(CommandIDs.openJobPreview, {
      label: trans.__('Show what would run…'),
      icon: jobIcon,
      describedBy: { args: CommandArguments.notebook },
      execute: async ({ path }) => {
        const source = String(path);
        await openTab(shell, previews, {
          id: `trainhub-job-preview-${source}`,
          label: trans.__('Preview: %1', PathExt.basename(source)),
          icon: jobIcon,
          create: async () => {
            const [{ JobPreview }, { SourceFile }] = await Promise.all([
              import('./widget'),
              import('../../notebook/source')
            ]);
            return new JobPreview(hub, new SourceFile(source, app));
          }
        });
      }
    });
    if (restorer) {
      void restorer.restore(previews, {
        command: CommandIDs.openJobPreview,
        args: ({ content }) => ({ path: content.source.path }),
        name: ({ id }) => id
      });
    }
  }
};
