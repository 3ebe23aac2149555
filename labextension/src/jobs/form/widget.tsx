import { Signal, type ISignal } from '@lumino/signaling';
import React, { useMemo, useRef } from 'react';
import { useHub, type IHubContext } from '../../context';
import { LostVariables } from '../../form/lostVariables';
import { SpecForm } from '../../form/specForm';
import { HubWidget } from '../../hubWidget';
import { Splash } from '../../splash';
import { useSignal } from '../../useSignal';
import { PreviewPanel, RemarkCount } from '../preview/plan';
import type { IJob } from '../views';
import { CodeChoice } from './code';
import type { IJobFormOptions } from './draft';
import { JobFormModel } from './model';
import { jobFolds, jobUi } from './schema';
import { VolumeField } from './volumeField';

const EDITORS = { VolumeField };

/** A tab with the form of a job and, for a notebook, the preview of what will run. */
export class JobForm extends HubWidget {
  constructor(
    hub: IHubContext,
    readonly options: IJobFormOptions
  ) {
    super(hub);
    this.addClass('jp-TrainHub-formTab');
    this.node.dataset.trainhubForm = 'job';
    this.model = new JobFormModel(hub, options);
  }

  readonly model: JobFormModel;

  /** Emitted once the server has accepted the job. */
  get submitted(): ISignal<this, IJob> {
    return this._submitted;
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
      <JobFormContent model={this.model} onSubmit={() => void this._submit()} />
    );
  }

  private async _submit(): Promise<void> {
    const job = await this.model.submit();
    if (job) {
      this._submitted.emit(job);
    }
  }

  private readonly _submitted = new Signal<this, IJob>(this);
}

function JobFormContent(props: {
  model: JobFormModel;
  onSubmit: () => void;
}): JSX.Element {
  const { trans } = useHub();
  const { model } = props;
  useSignal(model.changed);
  const { form, options, preview } = model;
  const page = useRef<HTMLElement>(null);
  const { source, image, cloneName } = options;
  const folds = useMemo(() => {
    // An image that was chosen before is not folded away.
    const isShown = (name: string): boolean => name === 'image' && !!image;
    return jobFolds(trans).map(({ title, names }) => ({
      title,
      names: names.filter(name => !isShown(name))
    }));
  }, [trans, image]);
  const title = cloneName
    ? trans.__('Clone job %1', cloneName)
    : trans.__('Submit job');
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
  const hasPreview = source !== null && !model.asSubmitted;
  return (
    <main
      className="jp-TrainHub-formPage"
      data-columns={hasPreview ? 2 : 1}
      ref={page}
    >
      <div className="jp-TrainHub-formColumn">
        <h1>{title}</h1>
        {model.hadVariables && <LostVariables />}
        {source && model.run && <CodeChoice model={model} />}
        <SpecForm
          model={form}
          submitLabel={trans.__('Submit job')}
          folds={folds}
          ui={jobUi(form.schema, form.data, model.offer, trans)}
          editors={EDITORS}
          disabled={model.isBlocked}
          onSubmit={props.onSubmit}
        >
          {hasPreview && (
            <RemarkCount
              model={preview}
              within={() =>
                page.current?.querySelector('.jp-TrainHub-preview') ?? null
              }
            />
          )}
        </SpecForm>
      </div>
      {hasPreview && <PreviewPanel model={preview} />}
    </main>
  );
}
