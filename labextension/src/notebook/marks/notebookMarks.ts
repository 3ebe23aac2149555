import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IHubContext } from '../../context';
import type { IObjectChange } from '../../events';
import type { IFailure, IPlace } from '../../jobs/failure/views';
import { errorText, jobWord } from '../../jobs/failure/words';
import { isFinished, type IJob } from '../../jobs/views';
import type { DismissedFailures } from './dismissed';
import { MarkDrawing } from './drawing';
import { findCell, type IMark } from './placement';

/** Milliseconds after a change of the notebook at which its marks are placed anew. */
const SETTLED = 150;

/** The errors of jobs on the cells of one open notebook, as long as it is open. */
export class NotebookMarks implements IDisposable {
  constructor(
    readonly panel: NotebookPanel,
    private readonly _hub: IHubContext,
    private readonly _contents: Contents.IManager,
    private readonly _dismissed: DismissedFailures
  ) {
    const { content, context } = panel;
    const { store } = _hub;
    const redraw = (): void => {
      if (!this._isDisposed) {
        void this._drawing.invoke();
      }
    };
    this._marks = new MarkDrawing(
      panel,
      _hub,
      failure => void _dismissed.add(failure),
      redraw
    );
    content.modelContentChanged.connect(redraw);
    content.modelChanged.connect(redraw);
    context.pathChanged.connect(this._fetch, this);
    store.objectChanged.connect(this._onObjectChanged, this);
    store.changed.connect(this._onStoreChanged, this);
    _dismissed.changed.connect(this._draw, this);
    panel.disposed.connect(this.dispose, this);
    this._announcer.className = 'jp-TrainHub-hidden';
    this._announcer.setAttribute('role', 'status');
    panel.node.append(this._announcer);
    void context.ready.then(() => this._fetch());
  }

  /** Emitted when other errors are shown, or at other places. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The errors on cells, in the order of the cells. */
  get shown(): readonly IMark[] {
    return this._marks.cells.flatMap(({ id }) => this._marks.errorsOn(id));
  }

  /** Goes to the next cell with an error, after the active one, round at the end. */
  async showNext(): Promise<void> {
    const { activeCellIndex } = this.panel.content;
    const { cells } = this._marks;
    const marked = cells.filter(
      ({ id }) => this._marks.errorsOn(id).length > 0
    );
    const next =
      marked.find(cell => cells.indexOf(cell) > activeCellIndex) ?? marked[0];
    if (next) {
      const [{ rank, isChanged }] = this._marks.errorsOn(next.id);
      await this._marks.reveal(next, isChanged ? null : rank.lineno);
    }
  }

  /** Goes to a place of the notebook as it was submitted; returns whether its cell is there. */
  async show(place: IPlace): Promise<boolean> {
    const cell = findCell(place, this._marks.cells);
    if (cell) {
      await this._marks.reveal(cell, place.lineno);
    }
    return cell !== null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._lease?.dispose();
    this._drawing.dispose();
    this._hub.store.objectChanged.disconnect(this._onObjectChanged, this);
    this._hub.store.changed.disconnect(this._onStoreChanged, this);
    this._dismissed.changed.disconnect(this._draw, this);
    Signal.clearData(this);
  }

  private get _path(): string {
    return this._contents.localPath(this.panel.context.path);
  }

  /** Whether a job runs this notebook; one that was submitted elsewhere names it from the root. */
  private _isOf({ spec: { notebook } }: IJob): boolean {
    return (
      typeof notebook === 'string' &&
      (notebook === this._path ||
        (notebook.startsWith('/') && notebook.endsWith(`/${this._path}`)))
    );
  }

  private async _fetch(): Promise<void> {
    const path = this._path;
    this._isStale = false;
    try {
      const [failures] = await Promise.all([
        this._hub.api.failuresOf(path),
        this._dismissed.ready
      ]);
      if (!this._isDisposed && path === this._path) {
        this._failures = failures;
        this._draw();
      }
    } catch {
      // No cluster at the moment: asked again when the store knows that it is there.
      this._isStale = true;
    }
  }

  private _onObjectChanged(_: unknown, change: IObjectChange): void {
    const { kind, key, object } = change;
    if (kind !== 'job') {
      return;
    }
    const job = object as IJob | null;
    const concerns = job
      ? this._isOf(job) && isFinished(job.phase)
      : this._failures.some(failure => failure.job === key);
    if (concerns) {
      void this._fetch();
    }
  }

  /** Events tell when a job ends; while one of this notebook's runs, the poll sees to it too. */
  private _onStoreChanged(): void {
    const { store } = this._hub;
    const isLive = store
      .list('job')
      .some(job => this._isOf(job) && !isFinished(job.phase));
    if (isLive) {
      this._lease ??= store.watch();
    } else {
      this._lease?.dispose();
      this._lease = null;
    }
    if (this._isStale && store.status?.cluster.state === 'ready') {
      void this._fetch();
    }
  }

  private _draw(): void {
    if (this._isDisposed || !this.panel.content.model) {
      return;
    }
    this._marks.draw(
      this._failures.filter(failure => !this._dismissed.has(failure))
    );
    this._announce();
    this._changed.emit();
  }

  /** Tells screen readers of each failure once. */
  private _announce(): void {
    const { trans } = this._hub;
    const keyOf = ({ uid, attempt }: IFailure): string => `${uid}/${attempt}`;
    const news = [...this.shown, ...this._marks.lost].filter(
      ({ failure }) => !this._told.has(keyOf(failure))
    );
    if (news.length > 0) {
      news.forEach(({ failure }) => this._told.add(keyOf(failure)));
      this._announcer.textContent = news
        .map(({ failure, rank }) =>
          trans.__('%1: %2', jobWord(failure, trans), errorText(rank, trans))
        )
        .join('\n');
    }
  }

  private readonly _marks: MarkDrawing;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _drawing = new Debouncer(() => this._draw(), SETTLED);
  private readonly _announcer = document.createElement('div');
  private readonly _told = new Set<string>();
  private _failures: readonly IFailure[] = [];
  private _lease: IDisposable | null = null;
  private _isStale = false;
  private _isDisposed = false;
}
