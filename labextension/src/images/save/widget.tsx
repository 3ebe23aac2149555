import type { ISignal } from '@lumino/signaling';
import React from 'react';
import { CommandButton } from '../../commandButton';
import { CommandIDs } from '../../commands';
import { useHub, useNow, useStore, type IHubContext } from '../../context';
import { formatDuration } from '../../duration';
import { HubWidget } from '../../hubWidget';
import { Splash } from '../../splash';
import { useSignal } from '../../useSignal';
import type { ITransfer } from '../views';
import { SaveForm } from './form';
import { SaveModel } from './model';
import { SaveProgress } from './progress';
import type { Choice } from './selection';

/** A tab that saves an instance as an image: what would be saved, the choice, and the progress. */
export class SaveTab extends HubWidget {
  /**
   * @param instance - its name
   * @param draft - what was chosen before the page was reloaded
   */
  constructor(hub: IHubContext, instance: string, draft: Choice | null) {
    super(hub);
    this.addClass('jp-TrainHub-saveTab');
    this.node.dataset.trainhubSave = instance;
    this.model = new SaveModel(hub, instance, draft);
  }

  readonly model: SaveModel;

  /** Emitted when the server has begun to save. */
  get begun(): ISignal<unknown, ITransfer> {
    return this.model.begun;
  }

  dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected onFirstSeen(): void {
    void this.model.load();
  }

  protected renderContent(): JSX.Element {
    return (
      <SaveContent model={this.model} onClose={() => this.parent?.dispose()} />
    );
  }
}

/** For how long something has gone on: not said aloud each second. */
function Elapsed({ since }: { since: number }): JSX.Element {
  const { trans } = useHub();
  const seconds = Math.max(0, (useNow(1000) - since) / 1000);
  return (
    <p className="jp-TrainHub-itemDetail" role="timer">
      {formatDuration(seconds, trans)}
    </p>
  );
}

/** What the tab shows. */
export function SaveContent(props: {
  model: SaveModel;
  onClose: () => void;
}): JSX.Element {
  const { trans } = useHub();
  const store = useStore();
  const { model } = props;
  useSignal(model.changed);
  const { instance: name, measurement, problem, transferId } = model;
  const title = trans.__('Save %1 as an image', name);
  const transfer = transferId ? store.get('transfer', transferId) : undefined;
  if (transfer) {
    return <SaveProgress model={model} transfer={transfer} title={title} />;
  }
  if (model.measuringSince !== null) {
    return (
      <Splash
        title={title}
        busy
        message={trans.__(
          'Looking at every file for what has changed since the instance started; many files take minutes. The instance goes on meanwhile.'
        )}
        body={<Elapsed since={model.measuringSince} />}
      >
        <button className="jp-mod-styled" onClick={() => model.cancel()}>
          {trans.__('Cancel')}
        </button>
      </Splash>
    );
  }
  if (measurement && problem === null) {
    return <SaveForm model={model} found={measurement} title={title} />;
  }
  const instance = store.get('instance', name);
  const isOff = instance && instance.phase !== 'Running';
  return (
    <Splash
      title={title}
      phase={problem === null ? undefined : 'Failed'}
      message={
        isOff
          ? trans.__(
              'Only an instance that runs can be saved: its files are gone when it stops.'
            )
          : (problem ?? trans.__('Nothing has been looked at yet.'))
      }
    >
      <button className="jp-mod-styled" onClick={props.onClose}>
        {trans.__('Close')}
      </button>
      {isOff && (
        <CommandButton
          command={CommandIDs.startInstance}
          args={{ name }}
          label={trans.__('Start')}
        />
      )}
      <button
        className="jp-mod-styled jp-mod-accept"
        onClick={() => void model.measure()}
      >
        {problem === null ? trans.__('Look at it') : trans.__('Try again')}
      </button>
    </Splash>
  );
}
