import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator } from '@jupyterlab/translation';
import { ITrainHub } from '../tokens';
import { loadTranslations } from '../translation';

/** Warnings before idle instances are stopped. */
export const idleWarningsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_trainhub:idle-warnings',
  description: 'Warns before a dev instance is stopped because it is idle.',
  autoStart: true,
  requires: [ITrainHub],
  optional: [IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    trainhub: ITrainHub,
    state: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const { commands } = app;
    const hub = { ...trainhub, commands, trans: loadTranslations(translator) };
    void app.restored.then(async () => {
      const { IdleWarnings } = await import('./idleWarnings');
      const warnings = new IdleWarnings(hub, state);
      await warnings.begin();
      // They live as long as the page.
      return warnings;
    });
  }
};
