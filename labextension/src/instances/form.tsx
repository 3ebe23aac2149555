import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { useHub, type IHubContext } from '../context';
import { HubWidget } from '../hubWidget';
import { SpecFormModel } from '../form/model';
import { SpecForm } from '../form/specForm';
import { Splash } from '../splash';
import { useSignal } from '../useSignal';
import type { IInstance } from '../views';

/** A tab with the form of a new dev instance. */
export class InstanceForm extends HubWidget {
  constructor(hub: IHubContext) {
    super(hub);
    this.addClass('jp-TrainHub-formTab');
    this.node.dataset.trainhubForm = 'instance';
  }

  /** Emitted once the server has created the instance. */
  get created(): ISignal<this, IInstance> {
    return this._created;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._model.dispose();
      Signal.clearData(this);
    }
    super.dispose();
  }

  protected onFirstSeen(): void {
    void this._load();
  }

  protected renderContent(): JSX.Element {
    return (
      <InstanceFormContent
        model={this._model}
        onSubmit={() => void this._submit()}
        onRetry={() => void this._load()}
      />
    );
  }

  private async _load(): Promise<void> {
    await this._model.load(async () => {
      const { instance } = await this.hub.api.schemas();
      return instance;
    });
  }

  private async _submit(): Promise<void> {
    const { api, store } = this.hub;
    const instance = await this._model.submit(spec =>
      api.instances.create(spec)
    );
    if (instance) {
      store.put(instance);
      this._created.emit(instance);
    }
  }

  private readonly _model = new SpecFormModel({});
  private readonly _created = new Signal<this, IInstance>(this);
}

function InstanceFormContent(props: {
  model: SpecFormModel;
  onSubmit: () => void;
  onRetry: () => void;
}): JSX.Element {
  const { trans } = useHub();
  const { model } = props;
  useSignal(model.changed);
  if (!model.schema) {
    return (
      <Splash
        title={trans.__('New instance')}
        busy={model.problem === null}
        message={model.problem}
      >
        {model.problem !== null && (
          <button className="jp-mod-styled" onClick={props.onRetry}>
            {trans.__('Try again')}
          </button>
        )}
      </Splash>
    );
  }
  return (
    <main className="jp-TrainHub-formPage">
      <h1>{trans.__('New instance')}</h1>
      <p className="jp-TrainHub-lead">
        {trans.__(
          'A JupyterLab of your own on the cluster, with the resources that you ask for here.'
        )}
      </p>
      <SpecForm
        model={model}
        submitLabel={trans.__('Create instance')}
        onSubmit={props.onSubmit}
      />
    </main>
  );
}
