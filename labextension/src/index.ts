import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IThemeManager } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
/* eslint-disable jupyter/prefer-lazy-imports -- Every other plugin requires this service. */
import { TrainHubApi } from './api';
import { clusterPlugin } from './cluster/plugin';
import { archivesPlugin } from './images/archivesPlugin';
import { ImageCatalogue } from './images/catalogue';
import { imagesPlugin } from './images/plugin';
import { savePlugin } from './images/save/plugin';
import { instanceFormPlugin } from './instances/form/plugin';
import { idleWarningsPlugin } from './instances/idlePlugin';
import { instancesPlugin } from './instances/plugin';
import { jobFormPlugin } from './jobs/form/plugin';
import { jobPreviewPlugin } from './jobs/preview/plugin';
import { jobListPlugin } from './jobs/list/plugin';
import { jobsPlugin } from './jobs/plugin';
import { launcherPlugin } from './launcher';
import { notebookMarksPlugin } from './notebook/marks/plugin';
import { notebookPlugin } from './notebook/plugin';
import { outputsPlugin } from './outputs/plugin';
import { panelPlugin } from './panel/plugin';
import { runsPlugin } from './runs/plugin';
import { TerminalAppearance } from './shell/appearance';
import { TrainHubStore } from './store';
import { tensorboardsPlugin } from './tensorboards/plugin';
import { ITrainHub } from './tokens';
import { loadTranslations } from './translation';
import { volumesPlugin } from './volumes/plugin';

export { ITrainHub } from './tokens';

/** What every other plugin works with. Its id is that of the settings in `schema/plugin.json`. */
const servicePlugin: JupyterFrontEndPlugin<ITrainHub> = {
  id: 'jupyter_trainhub:plugin',
  description:
    'Provides access to the instances, jobs, TensorBoards and images of TrainHub.',
  autoStart: true,
  provides: ITrainHub,
  optional: [
    ITranslator,
    IEditorServices,
    IEditorLanguageRegistry,
    ISettingRegistry,
    IThemeManager
  ],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    editors: IEditorServices | null,
    languages: IEditorLanguageRegistry | null,
    settings: ISettingRegistry | null,
    themes: IThemeManager | null
  ): ITrainHub => {
    const { serviceManager } = app;
    const api = new TrainHubApi(
      serviceManager.serverSettings,
      loadTranslations(translator)
    );
    const store = new TrainHubStore(api, serviceManager.events);
    return {
      api,
      store,
      images: new ImageCatalogue(api, store),
      terminals: new TerminalAppearance(settings, themes),
      editors,
      languages
    };
  }
};

/** The plugins of TrainHub; each place of the interface is one that a site can switch off. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  servicePlugin,
  panelPlugin,
  instancesPlugin,
  instanceFormPlugin,
  idleWarningsPlugin,
  jobsPlugin,
  jobListPlugin,
  jobFormPlugin,
  jobPreviewPlugin,
  volumesPlugin,
  runsPlugin,
  notebookPlugin,
  notebookMarksPlugin,
  tensorboardsPlugin,
  imagesPlugin,
  savePlugin,
  archivesPlugin,
  clusterPlugin,
  launcherPlugin,
  outputsPlugin
];

export default plugins;
