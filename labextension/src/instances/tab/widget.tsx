import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import type { IHubContext } from '../../context';
import { HubWidget } from '../../hubWidget';
import { instanceIcon } from '../../icons';
import { phaseIcon, phaseTone, phaseWord } from '../../phase';
import type { InstanceViewName } from '../../views';
import { InstanceTabContent } from './content';

/** A tab about one dev instance: its JupyterLab, IDE, terminal and SSH, and how it stands. */
export class InstanceTab extends HubWidget {
  /**
   * @param view - the view that it begins with
   */
  constructor(
    hub: IHubContext,
    readonly name: string,
    view: InstanceViewName
  ) {
    super(hub);
    this._view = view;
    this.addClass('jp-IFrame');
    this.addClass('jp-TrainHub-instanceTab');
    this.node.dataset.trainhubInstance = name;
  }

  /** The view that is chosen, whether or not the instance can show it at the moment. */
  get view(): InstanceViewName {
    return this._view;
  }

  /** Emitted when another view is chosen. */
  get viewChanged(): ISignal<this, void> {
    return this._viewChanged;
  }

  /** Emitted when the tab itself is activated, so that the view can take the focus. */
  readonly activated = new Signal<this, void>(this);

  /** Chooses a view. */
  select(view: InstanceViewName): void {
    if (view !== this._view) {
      this._view = view;
      this._viewChanged.emit();
      this.update();
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.hub.store.changed.disconnect(this._updateTitle, this);
      Signal.clearData(this);
    }
    super.dispose();
  }

  protected onFirstSeen(): void {
    this.hub.store.changed.connect(this._updateTitle, this);
    this._updateTitle();
  }

  protected onActivateRequest(): void {
    this.activated.emit();
  }

  protected renderContent(): JSX.Element {
    return (
      <InstanceTabContent
        name={this.name}
        view={this._view}
        onSelect={view => this.select(view)}
        onClose={() => this.parent?.dispose()}
        activated={this.activated}
      />
    );
  }

  private _updateTitle(): void {
    const instance = this.hub.store.get('instance', this.name);
    const { trans } = this.hub;
    const icon = instance ? phaseIcon(instance.phase) : instanceIcon;
    this.title.icon = icon.bindprops({ stylesheet: 'mainAreaTab' });
    this.title.className = `jp-TrainHub-tabTitle-${instance ? phaseTone(instance.phase) : 'off'}`;
    this.title.caption = instance
      ? trans.__('%1: %2', this.name, phaseWord(instance.phase, trans))
      : this.name;
  }

  private _view: InstanceViewName;
  private readonly _viewChanged = new Signal<this, void>(this);
}
