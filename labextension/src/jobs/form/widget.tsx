import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { useHub, type IHubContext } from '../../context';
import { LiveAnswer } from '../../form/liveAnswer';
import { SpecFormModel } from '../../form/model';
import { ADVANCED, SpecForm } from '../../form/specForm';
import { freeName, nameFromPath } from '../../form/spec';
import { HubWidget } from '../../hubWidget';
import type { NotebookSource } from '../../notebook/source';
import { Splash } from '../../splash';
import { useSignal } from '../../useSignal';
import type { IJob, IPreview, Spec } from '../../views';
import { PreviewList } from './preview';

/** Milliseconds of quiet after which a preview is asked for. */
const QUIET = 400;

/** The fields that are folded away when the image is not. */
const WITH_IMAGE = ADVANCED.filter(name => name !== 'image');

/** With what the form of a job begins. */
export interface IJobFormOptions {
  /** The notebook to run; null for a command. */
  source: NotebookSource | null;
  /** Fields of a job that is cloned. */
  clone: Spec | null;
  /** The name of the job that is cloned. */
  cloneName: string | null;
  /** The image to begin with. */
  image?: string | null;
}

/** A tab with the form of a job and, for a notebook, the preview of what will run. */
export class JobForm extends HubWidget {
  constructor(
    hub: IHubContext,
    readonly options: IJobFormOptions
  ) {
    super(hub);
    this.addClass('jp-TrainHub-formTab');
    this.node.dataset.trainhubForm = 'job';
    const { source } = options;
    this._model = new SpecFormModel(
      this._initial(),
      source ? ['command'] : ['notebook', 'parameters']
    );
    if (source) {
      this._preview = new LiveAnswer(
        (spec, signal) => hub.api.jobs.preview(spec, signal),
        QUIET
      );
      this._preview.changed.connect(this._onPreviewChanged, this);
      this._model.changed.connect(this._onModelChanged, this);
      source.changed.connect(this._onSourceChanged, this);
    }
  }

  /** Emitted once the server has accepted the job. */
  get submitted(): ISignal<this, IJob> {
    return this._submitted;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._model.dispose();
      this._preview?.dispose();
      this.options.source?.dispose();
      Signal.clearData(this);
    }
    super.dispose();
  }

  protected onFirstSeen(): void {
    void this._load();
  }

  protected renderContent(): JSX.Element {
    return (
      <JobFormContent
        model={this._model}
        preview={this._preview}
        source={this.options.source}
        // An image that was chosen before is not folded away.
        advanced={this.options.image ? WITH_IMAGE : ADVANCED}
        onSubmit={() => void this._submit()}
        onRetry={() => void this._load()}
      />
    );
  }

  private _initial(): Spec {
    const { source, clone, cloneName, image } = this.options;
    const taken = new Set(this.hub.store.list('job').map(({ name }) => name));
    const name = cloneName ?? nameFromPath(source?.path ?? 'job');
    return {
      ...clone,
      name: freeName(name, taken),
      ...(source ? { notebook: source.path } : {}),
      ...(image ? { image } : {})
    };
  }

  private async _load(): Promise<void> {
    await this._model.load(async () => {
      const { job } = await this.hub.api.schemas();
      return job;
    });
  }

  private async _submit(): Promise<void> {
    const { api, store } = this.hub;
    const job = await this._model.submit(spec => api.jobs.submit(spec));
    if (job) {
      store.put(job);
      this._submitted.emit(job);
    } else {
      this._refused = JSON.stringify(this._model.spec);
    }
  }

  private _onModelChanged(): void {
    const spec = JSON.stringify(this._model.spec);
    if (this._model.schema && spec !== this._previewed) {
      this._previewed = spec;
      this._preview?.request(this._model.spec);
    }
  }

  private _onSourceChanged(_: unknown, change: 'saved' | 'edited'): void {
    if (change === 'saved' && this._model.schema) {
      this._preview?.request(this._model.spec);
    }
  }

  /** The preview judges the fields too: what it finds is shown while the user is typing. */
  private _onPreviewChanged(): void {
    if (this._preview && !this._preview.isPending) {
      const { problem } = this._preview;
      const isFaulty = problem?.status === 422;
      // A preview that comes late must not take away why this very spec was refused.
      if (isFaulty || this._refused !== this._previewed) {
        this._model.report(isFaulty ? problem : null);
      }
    }
  }

  private readonly _model: SpecFormModel;
  private readonly _preview: LiveAnswer<IPreview> | null = null;
  private readonly _submitted = new Signal<this, IJob>(this);
  private _previewed = '';
  private _refused: string | null = null;
}

function JobFormContent(props: {
  model: SpecFormModel;
  preview: LiveAnswer<IPreview> | null;
  source: NotebookSource | null;
  advanced: readonly string[];
  onSubmit: () => void;
  onRetry: () => void;
}): JSX.Element {
  const { trans } = useHub();
  const { model } = props;
  useSignal(model.changed);
  const title = trans.__('Submit job');
  if (!model.schema) {
    return (
      <Splash
        title={title}
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
    <main className="jp-TrainHub-formPage" data-columns={props.preview ? 2 : 1}>
      <div className="jp-TrainHub-formColumn">
        <h1>{title}</h1>
        {props.source && <UnsavedChanges source={props.source} />}
        <SpecForm
          model={model}
          submitLabel={title}
          advanced={props.advanced}
          onSubmit={props.onSubmit}
        />
      </div>
      {props.preview && <PreviewColumn model={props.preview} />}
    </main>
  );
}

/** Tells when what is on the screen is not what would run. */
function UnsavedChanges(props: { source: NotebookSource }): JSX.Element | null {
  const { source } = props;
  const { trans } = useHub();
  useSignal(source.changed);
  return source.isDirty ? (
    <p className="jp-TrainHub-notice" role="status">
      {trans.__(
        'The notebook has changes that are not saved and will not run.'
      )}
      <button className="jp-mod-styled" onClick={() => void source.save()}>
        {trans.__('Save notebook')}
      </button>
    </p>
  ) : null;
}

function PreviewColumn({
  model
}: {
  model: LiveAnswer<IPreview>;
}): JSX.Element {
  const { trans } = useHub();
  useSignal(model.changed);
  const { answer: preview, problem, isPending } = model;
  return (
    <section
      className="jp-TrainHub-preview"
      aria-label={trans.__('What will run')}
      aria-busy={isPending}
    >
      <h2>{trans.__('What will run')}</h2>
      {problem && (
        <p className="jp-TrainHub-notice" role="status">
          {trans.__('No preview of this: %1', problem.advice)}
        </p>
      )}
      {preview ? (
        <PreviewList preview={preview} />
      ) : (
        isPending && <progress className="jp-TrainHub-progress" />
      )}
    </section>
  );
}
