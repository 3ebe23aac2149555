import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { isOpenFile, type IOpenFile } from './openFile';

/** What of JupyterLab files are found with. */
export type Desk = Pick<
  JupyterFrontEnd,
  'shell' | 'commands' | 'serviceManager'
>;

/** A place in a file as it was planned. */
export interface IPlannedPlace {
  /** The index of the cell, from 0; null in a script. */
  cell: number | null;
  id: string | null;
  /** Its own text; null where that is not known. */
  source: string | null;
  /** A line of the cell, from 1; null for all of it. */
  line: number | null;
}

/** A file that is to run as a job, and the editors in which it may be open. */
export class SourceFile implements IDisposable {
  /**
   * @param path - path in the server's contents, without a drive
   */
  constructor(
    readonly path: string,
    private readonly _desk: Desk
  ) {
    const { serviceManager, shell } = _desk;
    serviceManager.contents.fileChanged.connect(this._onFileChanged, this);
    shell.currentChanged?.connect(this._follow, this);
    this._follow();
  }

  /** Emitted when the file was saved, or when it became dirty or clean. */
  get changed(): ISignal<this, 'saved' | 'edited'> {
    return this._changed;
  }

  /** Its name, without folders. */
  get name(): string {
    return PathExt.basename(this.path);
  }

  /** Whether it is open with changes that are not in the file. */
  get isDirty(): boolean {
    return this._dirty().length > 0;
  }

  /**
   * Writes the changes of an open editor to the file, and tells why that cannot be done; JupyterLab
   * asks what to do where the file has changed, too.
   *
   * @returns whether the file now is what the editor shows
   */
  async saveOrTell({ trans }: Pick<IHubContext, 'trans'>): Promise<boolean> {
    try {
      for (const { context } of this._dirty()) {
        if (context.contentsModel?.writable === false) {
          throw new Error(
            trans.__(
              'It cannot be written here. Save it under another name, and submit that.'
            )
          );
        }
        await context.save();
      }
      return true;
    } catch (error) {
      const { notifyFailure } = await import('../notifications');
      notifyFailure(
        trans.__('%1 could not be saved. Nothing else was done.', this.name),
        error,
        trans
      );
      return false;
    }
  }

  /** Opens the file at a place, and selects the line. */
  async reveal({ cell, id, source, line }: IPlannedPlace): Promise<void> {
    const { commands } = this._desk;
    if (this.path.endsWith('.ipynb') && cell !== null) {
      await commands.execute(CommandIDs.showCell, {
        path: this.path,
        cell,
        cell_id: id,
        cell_source: source,
        lineno: line
      });
      return;
    }
    const { revealLine } = await import('./textFile');
    await revealLine(commands, this.path, source, line);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _dirty(): IOpenFile[] {
    return this._open().filter(({ context }) => context.model.dirty);
  }

  private _open(): IOpenFile[] {
    const { contents } = this._desk.serviceManager;
    return Array.from(this._desk.shell.widgets('main'))
      .filter(isOpenFile)
      .filter(({ context }) => contents.localPath(context.path) === this.path);
  }

  private _follow(): void {
    for (const { context } of this._open()) {
      context.model.stateChanged.connect(this._onStateChanged, this);
    }
  }

  private _onStateChanged(_: unknown, { name }: { name: string }): void {
    if (name === 'dirty') {
      this._changed.emit('edited');
    }
  }

  private _onFileChanged(_: unknown, change: Contents.IChangedArgs): void {
    const { contents } = this._desk.serviceManager;
    const path = change.newValue?.path;
    if (path && contents.localPath(path) === this.path) {
      this._changed.emit('saved');
    }
  }

  private readonly _changed = new Signal<this, 'saved' | 'edited'>(this);
  private _isDisposed = false;
}
