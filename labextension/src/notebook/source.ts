import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

/** A notebook file that is to run as a job, and the editor in which it may be open. */
export class NotebookSource implements IDisposable {
  /**
   * @param path - path in the server's contents, without a drive
   * @param _notebooks - where open notebooks are found; null outside of a notebook application
   */
  constructor(
    readonly path: string,
    private readonly _contents: Contents.IManager,
    private readonly _notebooks: INotebookTracker | null
  ) {
    _contents.fileChanged.connect(this._onFileChanged, this);
    _notebooks?.widgetAdded.connect(this._follow, this);
    this._follow();
  }

  /** Emitted when the file was saved, or when it became dirty or clean. */
  get changed(): ISignal<this, 'saved' | 'edited'> {
    return this._changed;
  }

  /** Whether the notebook is open with changes that are not in its file. */
  get isDirty(): boolean {
    return this._panel()?.context.model.dirty ?? false;
  }

  /** Writes the changes of an open notebook to its file. */
  async save(): Promise<void> {
    await this._panel()?.context.save();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _panel(): NotebookPanel | undefined {
    return this._notebooks?.find(
      ({ context }) => this._contents.localPath(context.path) === this.path
    );
  }

  private _follow(): void {
    this._panel()?.context.model.stateChanged.connect(
      this._onStateChanged,
      this
    );
  }

  private _onStateChanged(_: unknown, { name }: { name: string }): void {
    if (name === 'dirty') {
      this._changed.emit('edited');
    }
  }

  private _onFileChanged(_: unknown, change: Contents.IChangedArgs): void {
    const path = change.newValue?.path;
    if (path && this._contents.localPath(path) === this.path) {
      this._changed.emit('saved');
    }
  }

  private readonly _changed = new Signal<this, 'saved' | 'edited'>(this);
  private _isDisposed = false;
}
