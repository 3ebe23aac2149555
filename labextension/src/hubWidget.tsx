import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import React from 'react';
import { HubContext, type IHubContext } from './context';

/**
 * A widget rendered by React that costs nothing until it is seen: it renders on first sight, and
 * watches the store only while it is visible.
 */
export abstract class HubWidget extends ReactWidget {
  constructor(protected readonly hub: IHubContext) {
    super();
    this.addClass('jp-TrainHub-widget');
  }

  /** What the widget shows, inside {@link HubContext}. */
  protected abstract renderContent(): JSX.Element;

  /** Called when the widget is seen for the first time: the moment to ask the server for things. */
  protected onFirstSeen(): void {}

  protected render(): JSX.Element | null {
    return this._seen ? (
      <HubContext.Provider value={this.hub}>
        {this.renderContent()}
      </HubContext.Provider>
    ) : null;
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this._see();
    }
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._see();
  }

  protected onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this._unwatch();
  }

  protected onBeforeDetach(message: Message): void {
    this._unwatch();
    super.onBeforeDetach(message);
  }

  dispose(): void {
    this._unwatch();
    super.dispose();
  }

  private _see(): void {
    this._lease ??= this.hub.store.watch();
    if (!this._seen) {
      this._seen = true;
      this.onFirstSeen();
      this.update();
    }
  }

  private _unwatch(): void {
    this._lease?.dispose();
    this._lease = null;
  }

  private _seen = false;
  private _lease: IDisposable | null = null;
}
