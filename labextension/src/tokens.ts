import type { IEditorServices } from '@jupyterlab/codeeditor';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { Token } from '@lumino/coreutils';
import type { TrainHubApi } from './api';
import type { ImageCatalogue } from './images/catalogue';
import type { TerminalAppearance } from './shell/appearance';
import type { TrainHubStore } from './store';

/** What every part of the front end works with. */
export interface ITrainHub {
  /** The server's REST interface. */
  readonly api: TrainHubApi;
  /** What is known of the objects on the server. */
  readonly store: TrainHubStore;
  /** The images that instances and jobs can use. */
  readonly images: ImageCatalogue;
  /** How terminals look. */
  readonly terminals: TerminalAppearance;
  /** JupyterLab's editors; null where it has none. */
  readonly editors: IEditorServices | null;
  /** The languages of their texts; null where it has none. */
  readonly languages: IEditorLanguageRegistry | null;
}

/** The service that the `jupyter_trainhub:plugin` plugin provides; a site can provide another. */
export const ITrainHub = new Token<ITrainHub>(
  'jupyter_trainhub:ITrainHub',
  'Access to the instances, jobs and TensorBoards of TrainHub.'
);
