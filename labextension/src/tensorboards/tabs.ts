import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  InputDialog,
  WidgetTracker,
  type MainAreaWidget
} from '@jupyterlab/apputils';
import { UUID } from '@lumino/coreutils';
import type { IHubContext } from '../context';
import { tensorboardIcon } from '../icons';
import { openTab } from '../mainArea';
import { keyOfTarget, labelOf, type ITensorBoardTarget } from './target';
import type { ITensorBoard, ITensorBoardOptions } from './views';
import type { TensorBoardView } from './view';

/** A tab with a TensorBoard. */
export type TensorBoardTab = MainAreaWidget<TensorBoardView>;

/** The tabs with TensorBoards that are open. */
export class TensorBoardTabs {
  /**
   * @param _shell - null in Notebook 7, whose pages have no tabs
   * @param _isLight - whether JupyterLab's theme is a light one
   */
  constructor(
    private readonly _hub: IHubContext,
    private readonly _shell: JupyterFrontEnd.IShell | null,
    private readonly _isLight: () => boolean
  ) {}

  readonly tracker = new WidgetTracker<TensorBoardTab>({
    namespace: 'trainhub-tensorboards'
  });

  /** Opens a tab on `target`, or activates the one that shows it; a tab of the browser in Notebook 7. */
  async open(target: ITensorBoardTarget): Promise<void> {
    if (!this._shell) {
      return this._openOutside(target);
    }
    const open = this.tracker.find(({ content }) =>
      content.model.shows(target)
    );
    await openTab(this._shell, this.tracker, {
      id: open?.id ?? `trainhub-tensorboard-${UUID.uuid4()}`,
      label: labelOf(target),
      icon: tensorboardIcon,
      create: async () => {
        const { TensorBoardView } = await import('./view');
        return new TensorBoardView(this._hub, target, this._isLight);
      },
      prepare: async tab => {
        const { fillToolbar } = await import('./toolbar');
        fillToolbar(tab, this._hub);
        tab.content.model.changed.connect(() => this._retitle(tab));
      }
    });
  }

  /** The one with this id; the current one where it is left out. */
  get(id: string | undefined): TensorBoardTab | null {
    return id === undefined
      ? this.tracker.currentWidget
      : (this.tracker.find(({ content }) => content.model.view?.id === id) ??
          null);
  }

  /** The tab that something is to be added to; asked for where there are several. */
  async choose(): Promise<TensorBoardTab | null> {
    const tabs = this.tracker.filter(
      ({ content }) => content.model.view !== null
    );
    if (tabs.length < 2) {
      return tabs[0] ?? null;
    }
    const { trans } = this._hub;
    // Two may have the same name.
    const labels = tabs.map(
      ({ title, content: { model } }) =>
        `${title.label} (${model.view?.folders.join(', ')})`
    );
    const current = this.tracker.currentWidget;
    const { button, value } = await InputDialog.getItem({
      title: trans.__('Add to which TensorBoard?'),
      items: labels,
      current: Math.max(0, current ? tabs.indexOf(current) : 0),
      okLabel: trans.__('Add')
    });
    return button.accept ? (tabs[labels.indexOf(value ?? '')] ?? null) : null;
  }

  /**
   * Changes the TensorBoard with this id, and has the tabs on it show what took its place. Rejects
   * with `ApiError`.
   */
  async change(
    id: string,
    change: ITensorBoardOptions & { folders: string[] }
  ): Promise<ITensorBoard> {
    const models = this.tracker
      .filter(({ content }) => content.model.view?.id === id)
      .map(({ content }) => content.model);
    const ends = models.map(model => model.hold());
    try {
      const view = await this._hub.api.tensorboards.update(id, change);
      models.forEach(model => model.replace(view));
      return view;
    } finally {
      ends.forEach(end => end.dispose());
    }
  }

  activate(tab: TensorBoardTab): void {
    this._shell?.activateById(tab.id);
  }

  private async _openOutside(target: ITensorBoardTarget): Promise<void> {
    const { api, trans } = this._hub;
    const { id } = target;
    try {
      const { url } = id
        ? await api.tensorboards.get(id)
        : await api.tensorboards.open(target);
      window.open(api.address(url ?? ''), '_blank', 'noopener');
    } catch (error) {
      const { notifyFailure } = await import('../notifications');
      const failure = trans.__('The folder could not be shown in TensorBoard.');
      notifyFailure(failure, error, trans);
    }
  }

  /** Names a tab as its TensorBoard, and has a reload of the page find what it shows now. */
  private _retitle(tab: TensorBoardTab): void {
    const { model } = tab.content;
    const { view, target } = model;
    if (view) {
      tab.title.label = view.name;
      tab.title.caption = view.folders.join('\n');
    }
    const key = keyOfTarget(target);
    const { dataset } = tab.content.node;
    if (dataset.trainhubTensorboard !== key) {
      dataset.trainhubTensorboard = key;
      void this.tracker.save(tab);
    }
  }
}
