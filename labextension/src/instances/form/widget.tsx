import { Signal, type ISignal } from '@lumino/signaling';
import React, { useMemo } from 'react';
import { useHub, type IHubContext } from '../../context';
import { LostVariables } from '../../form/lostVariables';
import { SpecForm } from '../../form/specForm';
import { HubWidget } from '../../hubWidget';
import { Splash } from '../../splash';
import { useSignal } from '../../useSignal';
import type { IInstance, ISize } from '../../views';
import { hasFiles } from '../losses';
import { FitColumn } from './fit';
import type { FormMode, IInstanceFormOptions } from './draft';
import { InstanceFormModel } from './model';
import { Elsewhere } from './elsewhere';
import { instanceLabels } from './labels';
import { Presets } from './presets';

/** Fields of an instance that most people leave as they are. */
const ADVANCED = [
  'host_network',
  'always_pull',
  'start',
  'mounts',
  'working_dir'
];

/** What became of a form. */
export interface ISent {
  instance: IInstance;
  mode: FormMode;
  /** Whether its pod was replaced at once. */
  restarted: boolean;
}

/** A tab with the form of a new dev instance, of a clone of one, or of one that is edited. */
export class InstanceForm extends HubWidget {
  /**
   * @param _confirmRestart - asks before a running instance is restarted
   */
  constructor(
    hub: IHubContext,
    options: IInstanceFormOptions,
    private readonly _confirmRestart: (name: string) => Promise<boolean>
  ) {
    super(hub);
    this.addClass('jp-TrainHub-formTab');
    this.node.dataset.trainhubForm = 'instance';
    this.model = new InstanceFormModel(hub, options);
  }

  readonly model: InstanceFormModel;

  /** Emitted once the server has accepted it. */
  get sent(): ISignal<this, ISent> {
    return this._sent;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.model.dispose();
      Signal.clearData(this);
    }
    super.dispose();
  }

  protected onFirstSeen(): void {
    void this.model.load();
  }

  protected renderContent(): JSX.Element {
    return (
      <InstanceFormContent
        model={this.model}
        onSubmit={restart => void this._submit(restart)}
        onUse={size => this._use(size)}
      />
    );
  }

  private async _submit(restart: boolean): Promise<void> {
    const { mode, name } = this.model;
    if (restart && !(await this._confirmRestart(name!))) {
      return;
    }
    const instance = await this.model.submit(restart);
    if (instance) {
      this._sent.emit({ instance, mode, restarted: restart });
    }
  }

  /** Fills in a suggestion. Its button goes, so the focus moves to what has changed. */
  private _use(size: Partial<ISize>): void {
    this.model.fill({ ...size });
    const [field] = Object.keys(size);
    this.node
      .querySelector<HTMLInputElement>(`[data-trainhub-field="${field}"] input`)
      ?.focus();
  }

  private readonly _sent = new Signal<this, ISent>(this);
}

function InstanceFormContent(props: {
  model: InstanceFormModel;
  onSubmit: (restart: boolean) => void;
  onUse: (size: Partial<ISize>) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { model, onSubmit } = props;
  useSignal(model.changed);
  const labels = useMemo(() => instanceLabels(trans), [trans]);
  const folds = useMemo(
    () => [{ title: trans.__('More settings'), names: ADVANCED }],
    [trans]
  );
  const { form, mode, instance, elsewhere } = model;
  const isEdit = mode === 'edit';
  const title = isEdit
    ? trans.__('Edit instance %1', model.name)
    : mode === 'clone'
      ? trans.__('Clone instance %1', model.name)
      : trans.__('New instance');
  if (!form.schema) {
    return (
      <Splash title={title} busy={form.problem === null} message={form.problem}>
        {form.problem !== null && (
          <button className="jp-mod-styled" onClick={() => void model.load()}>
            {trans.__('Try again')}
          </button>
        )}
      </Splash>
    );
  }
  const isOn = isEdit && instance !== null && instance.phase !== 'Stopped';
  const runs = isOn && hasFiles(instance);
  return (
    <main className="jp-TrainHub-formPage" data-columns={2}>
      <div className="jp-TrainHub-formColumn">
        <h1>{title}</h1>
        {!isEdit && (
          <p className="jp-TrainHub-lead">
            {trans.__(
              'An environment of your own on the cluster, with the resources that you ask for here.'
            )}
          </p>
        )}
        {runs && (
          <p className="jp-TrainHub-lead">
            {trans.__(
              'It goes on as it is until it is restarted: what you save here holds from then on.'
            )}
          </p>
        )}
        {model.hadVariables && <LostVariables />}
        <Elsewhere model={model} />
        <Presets
          presets={model.presets}
          data={form.data}
          onChoose={values => model.fill(values)}
        />
        <SpecForm
          key={model.filling}
          model={form}
          submitLabel={isEdit ? trans.__('Save') : trans.__('Create instance')}
          labels={labels}
          folds={folds}
          fixed={isEdit ? ['name'] : []}
          disabled={elsewhere !== null}
          // What waits for its pod has nothing to lose: it waits with the new settings.
          onSubmit={() => onSubmit(isOn && !runs)}
        >
          {runs && (
            <button
              type="button"
              className="jp-mod-styled jp-mod-warn"
              disabled={elsewhere !== null || form.isSubmitting}
              onClick={() => onSubmit(true)}
            >
              {trans.__('Save and restart…')}
            </button>
          )}
        </SpecForm>
      </div>
      <FitColumn model={model.fit} onUse={props.onUse} />
    </main>
  );
}
