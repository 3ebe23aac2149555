import type { FileBrowser } from '@jupyterlab/filebrowser';
import type { Contents } from '@jupyterlab/services';
import { deleteIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { CommandArguments, CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { tensorboardIcon } from '../icons';
import type { TensorBoardActions } from './actions';
import { foldersIn, selectedFolders } from './files';
import type { TensorBoardTabs } from './tabs';
import type { ITensorBoardTarget } from './target';

/** The commands on TensorBoards. */
export class TensorBoardCommands {
  /**
   * @param _browser - the file browser that was used last; null where there is none
   */
  constructor(
    private readonly _hub: IHubContext,
    private readonly _tabs: TensorBoardTabs,
    private readonly _contents: Contents.IManager,
    private readonly _browser: () => FileBrowser | null
  ) {}

  register(): void {
    const { commands, trans } = this._hub;
    commands.addCommand(CommandIDs.openTensorBoard, {
      label: trans.__('Open in TensorBoard'),
      caption: trans.__('Show the training logs of a folder in TensorBoard'),
      icon: tensorboardIcon,
      describedBy: { args: CommandArguments.openTensorBoard },
      execute: async args => {
        const target: ITensorBoardTarget = args;
        const isTold = target.id || target.job || target.folders?.length;
        const folders = isTold ? target.folders : this._selected();
        if (isTold || folders?.length) {
          await this._tabs.open(folders ? { ...target, folders } : target);
        }
      }
    });
    commands.addCommand(CommandIDs.newTensorBoard, {
      label: args =>
        args.isLauncher
          ? trans.__('TensorBoard')
          : trans.__('New TensorBoard…'),
      caption: trans.__('Choose log folders and show them in TensorBoard'),
      icon: tensorboardIcon,
      describedBy: { args: CommandArguments.folders },
      execute: args => this._new((args.folders as string[]) ?? [''])
    });
    commands.addCommand(CommandIDs.addToTensorBoard, {
      label: trans.__('Add to Open TensorBoard'),
      caption: trans.__(
        'Show the runs of a folder or a job beside those of a TensorBoard that is open'
      ),
      icon: tensorboardIcon,
      describedBy: { args: CommandArguments.addToTensorBoard },
      isVisible: () => this._tabs.tracker.size > 0,
      isEnabled: () => this._tabs.tracker.size > 0,
      execute: args => this._add(args)
    });
    commands.addCommand(CommandIDs.editTensorBoard, {
      label: trans.__('Edit TensorBoard…'),
      caption: trans.__(
        'Change which folders a TensorBoard shows, and when it ends'
      ),
      icon: tensorboardIcon,
      describedBy: { args: CommandArguments.tensorboard },
      execute: args => this._edit(args.id as string | undefined)
    });
    commands.addCommand(CommandIDs.startTensorBoard, {
      label: trans.__('Start TensorBoard'),
      caption: trans.__('Start a TensorBoard that has stopped'),
      icon: runIcon,
      describedBy: { args: CommandArguments.tensorboard },
      execute: args => this._act(actions => actions.start(String(args.id)))
    });
    commands.addCommand(CommandIDs.stopTensorBoard, {
      label: trans.__('Stop TensorBoard'),
      caption: trans.__('End a TensorBoard; the logs it shows are kept'),
      icon: stopIcon,
      describedBy: { args: CommandArguments.tensorboard },
      execute: args => this._act(actions => actions.stop(String(args.id)))
    });
    commands.addCommand(CommandIDs.deleteTensorBoard, {
      label: trans.__('Delete TensorBoard'),
      caption: trans.__(
        'End and forget a TensorBoard; the logs it shows are kept'
      ),
      icon: deleteIcon,
      describedBy: { args: CommandArguments.tensorboard },
      execute: args => this._act(actions => actions.delete(String(args.id)))
    });
    commands.addCommand(CommandIDs.showTensorBoardLog, {
      label: trans.__('Show log'),
      caption: trans.__('Show what a TensorBoard has written'),
      describedBy: { args: CommandArguments.tensorboard },
      execute: args => this._act(actions => actions.showLog(String(args.id)))
    });
  }

  private async _act<T>(
    action: (actions: TensorBoardActions) => Promise<T>
  ): Promise<T> {
    const { TensorBoardActions } = await import('./actions');
    return action(new TensorBoardActions(this._hub));
  }

  private async _new(folders: readonly string[]): Promise<void> {
    const { askForTensorBoard } = await import('./form');
    const view = await askForTensorBoard(this._hub, folders, this._complete);
    if (view) {
      this._hub.store.put(view);
      await this._tabs.open({ id: view.id, folders: view.folders });
    }
  }

  /** Asks for other folders of the TensorBoard with this id; of the current tab's if left out. */
  private async _edit(wanted: string | undefined): Promise<void> {
    const { api, store } = this._hub;
    const id = wanted ?? this._tabs.get(undefined)?.content.model.view?.id;
    if (id === undefined) {
      return;
    }
    const before =
      this._tabs.get(id)?.content.model.view ?? store.get('tensorboard', id);
    const { askForRuns } = await import('./form');
    const view = await askForRuns(
      this._hub,
      before ?? (await api.tensorboards.get(id)),
      this._complete,
      change => this._tabs.change(id, change)
    );
    if (view) {
      store.put(view);
    }
  }

  /** Adds folders, those of a job or the selected ones, to a TensorBoard that is open. */
  private async _add(args: ReadonlyPartialJSONObject): Promise<void> {
    const { store, trans } = this._hub;
    const job = args.job ? String(args.job) : null;
    const folders = job
      ? (store.get('job', job)?.log_folders ?? []).map(path => `${job}:${path}`)
      : ((args.folders as string[] | undefined) ?? this._selected());
    if (job && folders.length === 0) {
      const { notifyFailure } = await import('../notifications');
      notifyFailure(
        trans.__('The runs of job %1 could not be added.', job),
        new Error(trans.__('It has not told yet into which folder it logs.')),
        trans
      );
      return;
    }
    const tab = args.id
      ? this._tabs.get(String(args.id))
      : await this._tabs.choose();
    const view = tab?.content.model.view;
    if (tab && view && folders.length > 0) {
      await this._act(actions =>
        actions.add(view, folders, change => this._tabs.change(view.id, change))
      );
      this._tabs.activate(tab);
    }
  }

  private _selected(): string[] {
    return selectedFolders(this._browser(), this._contents);
  }

  private readonly _complete = (text: string): Promise<string[]> =>
    foldersIn(this._contents, text);
}
