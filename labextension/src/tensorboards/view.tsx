import { Signal } from '@lumino/signaling';
import React from 'react';
import { describeError } from '../api';
import { useHub, useStore, type IHubContext } from '../context';
import { Frame } from '../frame';
import { HubWidget } from '../hubWidget';
import { Splash } from '../splash';
import { useSignal } from '../useSignal';
import { presetSettings } from './settings';

/** A tab that shows a TensorBoard on log folders. */
export class TensorBoardView extends HubWidget {
  /**
   * @param folders - paths of the log folders as the contents API names them
   * @param _isLight - whether JupyterLab's theme is a light one
   */
  constructor(
    hub: IHubContext,
    readonly folders: string[],
    private readonly _isLight: () => boolean
  ) {
    super(hub);
    this.addClass('jp-IFrame');
    this.node.dataset.trainhubTensorboard = folders.join(':');
  }

  /** Emitted when the request for the TensorBoard was answered, or is made again. */
  readonly changed = new Signal<this, void>(this);

  /** The id of the TensorBoard; null before the server has told it. */
  tensorboardId: string | null = null;

  /** Why there is no TensorBoard; null when there is one or may be soon. */
  problem: string | null = null;

  /** Asks the server for the TensorBoard on the folders; it starts one where there is none. */
  async open(): Promise<void> {
    this.problem = null;
    this.changed.emit();
    try {
      presetSettings(window.localStorage, this._isLight());
      const tensorboard = await this.hub.api.tensorboards.open(this.folders);
      this.hub.store.put(tensorboard);
      this.tensorboardId = tensorboard.id;
    } catch (error) {
      this.problem = describeError(error);
    }
    this.changed.emit();
  }

  dispose(): void {
    if (!this.isDisposed) {
      Signal.clearData(this);
    }
    super.dispose();
  }

  protected onFirstSeen(): void {
    void this.open();
  }

  protected renderContent(): JSX.Element {
    return <TensorBoardContent view={this} />;
  }
}

function TensorBoardContent({ view }: { view: TensorBoardView }): JSX.Element {
  const { api, trans } = useHub();
  const store = useStore();
  useSignal(view.changed);
  const tensorboard = view.tensorboardId
    ? store.get('tensorboard', view.tensorboardId)
    : undefined;
  const folders = view.folders.join(', ') || '/';
  if (tensorboard?.phase === 'Running' && tensorboard.url) {
    return (
      <Frame
        address={api.address(tensorboard.url)}
        title={trans.__('TensorBoard on %1', folders)}
      />
    );
  }
  const gone = view.tensorboardId !== null && !tensorboard;
  const stopped = gone || tensorboard?.phase === 'Stopped';
  const failed = view.problem !== null || tensorboard?.phase === 'Failed';
  if (stopped || failed) {
    return (
      <Splash
        title={
          failed
            ? trans.__('TensorBoard did not start')
            : trans.__('TensorBoard has stopped')
        }
        phase={failed ? 'Failed' : 'Stopped'}
        message={
          view.problem ??
          (tensorboard?.message || trans.__('Its folders are %1.', folders))
        }
      >
        <button
          className="jp-mod-styled jp-mod-accept"
          onClick={() => void view.open()}
        >
          {failed ? trans.__('Retry') : trans.__('Start again')}
        </button>
      </Splash>
    );
  }
  return (
    <Splash
      title={trans.__('Starting TensorBoard…')}
      phase="Starting"
      busy
      message={tensorboard?.message || folders}
    />
  );
}
