import { Poll } from '@lumino/polling';
import type { Message } from '@lumino/messaging';
import React from 'react';
import type { IHubContext } from '../context';
import { HubWidget } from '../hubWidget';
import { TensorBoardContent } from './content';
import { FrameKeeper } from './frameKeeper';
import { TensorBoardModel } from './model';
import { keyOfTarget, type ITensorBoardTarget } from './target';

/** Milliseconds between two signs that somebody looks at a TensorBoard. */
const BEAT = 20_000;

/** A tab that shows a TensorBoard on log folders. */
export class TensorBoardView extends HubWidget {
  /**
   * @param isLight - whether JupyterLab's theme is a light one
   */
  constructor(
    hub: IHubContext,
    target: ITensorBoardTarget,
    isLight: () => boolean
  ) {
    super(hub);
    this.addClass('jp-TrainHub-tensorboardTab');
    this.model = new TensorBoardModel(hub, target);
    this.keeper = new FrameKeeper(isLight);
    this.node.dataset.trainhubTensorboard = keyOfTarget(target);
    this._beat = new Poll({
      auto: false,
      factory: () => this.model.beat(),
      frequency: { interval: BEAT, backoff: false },
      name: 'jupyter_trainhub:tensorboard-beat',
      standby: () => !this.isVisible || 'when-hidden'
    });
    this.model.changed.connect(() => {
      if (this.isVisible && !document.hidden) {
        void this.model.wake();
      }
    });
    this.model.firstRead.connect((_, isSeen) =>
      // The place at which it began is where it shows that there is nothing.
      isSeen ? this.keeper.renew() : this.keeper.restart()
    );
    document.addEventListener('visibilitychange', this._onSight);
  }

  readonly model: TensorBoardModel;
  readonly keeper: FrameKeeper;

  dispose(): void {
    if (!this.isDisposed) {
      document.removeEventListener('visibilitychange', this._onSight);
      this._beat.dispose();
      this.keeper.dispose();
      this.model.dispose();
    }
    super.dispose();
  }

  protected onFirstSeen(): void {
    void this.model.open();
    void this._beat.start();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._onSight();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._onSight();
  }

  protected renderContent(): JSX.Element {
    return <TensorBoardContent view={this} />;
  }

  /** The tab or the page comes into sight, or goes. */
  private readonly _onSight = (): void => {
    this.keeper.isHidden = !this.isVisible;
    if (this.isVisible && !document.hidden) {
      void this.model.wake();
      void this.model.look();
    }
  };

  private readonly _beat: Poll;
}
