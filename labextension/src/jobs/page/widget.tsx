import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import type { IHubContext } from '../../context';
import { HubWidget } from '../../hubWidget';
import { jobIcon } from '../../icons';
import { phaseIcon, phaseTone, phaseWord } from '../../phase';
import type { JobTabName } from '../views';
import { JobPageContent } from './content';
import type { ITarget } from './target';

/** A tab of the main area about one job: how it stands, and all that is known of it. */
export class JobPage extends HubWidget {
  /** @param tab - the tab that it begins with */
  constructor(
    hub: IHubContext,
    readonly name: string,
    tab: JobTabName
  ) {
    super(hub);
    this._tab = tab;
    this._target = { tab, rank: null, turn: 0 };
    this.addClass('jp-TrainHub-jobPage');
    this.node.dataset.trainhubJob = name;
  }

  /** The tab that is chosen. */
  get tab(): JobTabName {
    return this._tab;
  }

  /** Emitted when another tab is chosen. */
  get tabChanged(): ISignal<this, void> {
    return this._tabChanged;
  }

  /** Chooses a tab, the pod that it is to be about, null for all, and the place in its log. */
  readonly select = (
    tab: JobTabName,
    rank: number | null = null,
    place: Pick<ITarget, 'attempt' | 'find'> = {}
  ): void => {
    const isOther = tab !== this._tab;
    this._tab = tab;
    this._target = { tab, rank, ...place, turn: this._target.turn + 1 };
    this.update();
    if (isOther) {
      this._tabChanged.emit();
    }
  };

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

  protected renderContent(): JSX.Element {
    return (
      <JobPageContent
        name={this.name}
        tab={this._tab}
        target={this._target}
        onSelect={this.select}
        onClose={() => this.parent?.dispose()}
      />
    );
  }

  private _updateTitle(): void {
    const job = this.hub.store.get('job', this.name);
    const { trans } = this.hub;
    const icon = job ? phaseIcon(job.phase) : jobIcon;
    this.title.icon = icon.bindprops({ stylesheet: 'mainAreaTab' });
    this.title.className = `jp-TrainHub-tabTitle-${job ? phaseTone(job.phase) : 'off'}`;
    this.title.caption = job
      ? trans.__('%1: %2', this.name, phaseWord(job.phase, trans))
      : this.name;
  }

  private _tab: JobTabName;
  private _target: ITarget;
  private readonly _tabChanged = new Signal<this, void>(this);
}
