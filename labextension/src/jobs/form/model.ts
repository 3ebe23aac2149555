import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IHubContext } from '../../context';
import { draftOf, variablesOf } from '../../form/draft';
import { SpecFormModel } from '../../form/model';
import { freeName, nameFromPath } from '../../form/spec';
import type { Spec } from '../../views';
import { PreviewModel } from '../preview/model';
import type { IJob } from '../views';
import type { IJobDraft, IJobFormOptions } from './draft';
import { titledSchema, type IOffer } from './schema';

/** The length that names of jobs may have. */
const LONGEST_NAME = 48;

/** The form of a job: what is typed, what would run, and with which code. */
export class JobFormModel implements IDisposable {
  constructor(
    private readonly _hub: IHubContext,
    readonly options: IJobFormOptions
  ) {
    const { source, clone, draft } = options;
    this.hadVariables = draft?.lostVariables ?? false;
    this.run = clone?.run ?? draft?.run ?? null;
    this._asSubmitted = (draft?.asSubmitted ?? false) && this.run !== null;
    this.form = new SpecFormModel(
      () => this._initial(),
      source
        ? ['command', source.path.endsWith('.py') ? 'parameters' : 'args']
        : ['notebook', 'parameters', 'args', 'setup']
    );
    this.preview = new PreviewModel(_hub, source, setup => {
      this.form.data = { ...this.form.data, setup };
    });
    this.form.changed.connect(this._onFormChanged, this);
    this.preview.plan.changed.connect(this._onPlanChanged, this);
    this.preview.changed.connect(() => this._changed.emit());
  }

  readonly form: SpecFormModel;

  /** What would run of a notebook; of a command only whether it could. */
  readonly preview: PreviewModel;

  /** The run whose code can be submitted again; null when no notebook was run before. */
  readonly run: string | null;

  /** Whether variables that were typed before a reload are gone. */
  readonly hadVariables: boolean;

  /** Emitted when anything of it has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the code runs as it was submitted, instead of the notebook as it is now. */
  get asSubmitted(): boolean {
    return this._asSubmitted;
  }

  set asSubmitted(value: boolean) {
    this._asSubmitted = value;
    this.form.report(null);
    this._onFormChanged();
  }

  /** What has to outlive a reload of the page. */
  get draft(): IJobDraft | null {
    const { clone, draft } = this.options;
    return this.form.schema
      ? {
          ...draftOf(this.form.data, clone?.spec ?? null),
          asSubmitted: this._asSubmitted,
          run: this.run
        }
      : draft;
  }

  /** What the form offers beside the schema. */
  get offer(): IOffer {
    const projects = this._hub.store
      .list('job')
      .map(({ project }) => project)
      .filter(project => project);
    return {
      projects: Array.from(new Set(projects)).sort(),
      claims: this._claims
    };
  }

  /** Fetches the schema and the claims. Never rejects: see the form's `problem`. */
  async load(): Promise<void> {
    const { api, trans } = this._hub;
    await this.form.load(async () => {
      const [{ job }] = await Promise.all([api.schemas(), this._loadClaims()]);
      return titledSchema(job, trans);
    });
  }

  /** Whether the file as it is cannot run. */
  get isBlocked(): boolean {
    const { source } = this.options;
    // What is not saved yet may be right by now.
    return (
      source !== null &&
      !this._asSubmitted &&
      !source.isDirty &&
      this.preview.counts.errors > 0
    );
  }

  /**
   * Saves what is to run, and submits the job. Resolves to null when that was refused, which is
   * told by then.
   */
  async submit(): Promise<IJob | null> {
    const { api, store } = this._hub;
    const { source } = this.options;
    const codeOf = this._asSubmitted ? this.run : null;
    if (source && !codeOf && !(await source.saveOrTell(this._hub))) {
      return null;
    }
    const job = await this.form.submit(spec => api.jobs.submit(spec, codeOf));
    if (job) {
      store.put(job);
    } else {
      this._refused = JSON.stringify(this.form.spec);
    }
    return job;
  }

  get isDisposed(): boolean {
    return this.form.isDisposed;
  }

  dispose(): void {
    this.form.dispose();
    this.preview.dispose();
    this.options.source?.dispose();
    Signal.clearData(this);
  }

  private _initial(): Spec {
    const { source, clone, cloneName, image, draft } = this.options;
    if (draft) {
      return { ...draft.spec, ...variablesOf(clone?.spec ?? null) };
    }
    const taken = new Set(this._hub.store.list('job').map(({ name }) => name));
    if (cloneName) {
      taken.add(cloneName);
    }
    const name = cloneName ?? nameFromPath(source?.path ?? 'job');
    return {
      ...clone?.spec,
      name: freeName(name, taken, '-', LONGEST_NAME),
      ...(source ? { notebook: source.path } : {}),
      ...(image ? { image } : {})
    };
  }

  /** The claims of earlier jobs; a form without them is a form, too. */
  private async _loadClaims(): Promise<void> {
    try {
      const volumes = await this._hub.api.volumes.list();
      const of = (role: string): IOffer['claims']['model'] =>
        volumes
          .filter(volume => volume.role === role)
          .map(({ claim, job }) => ({
            claim,
            title: job ? `${claim} (${job})` : claim
          }));
      this._claims = { checkpoint: of('checkpoint'), model: of('model') };
    } catch {
      // They are offered only: the field takes a new volume.
    }
  }

  private _onFormChanged(): void {
    if (this.form.schema && !this._asSubmitted) {
      this.preview.show(this.form.spec);
    }
    this._changed.emit();
  }

  /** The preview judges the fields too: what it finds is shown while the user is typing. */
  private _onPlanChanged(): void {
    const { isPending, problem } = this.preview.plan;
    if (!isPending && !this._asSubmitted) {
      const isFaulty = problem?.status === 422;
      // A preview that comes late must not take away why this very spec was refused.
      if (isFaulty || this._refused !== this.preview.shown) {
        this.form.report(isFaulty ? problem : null);
      }
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _asSubmitted: boolean;
  private _claims: IOffer['claims'] = { checkpoint: [], model: [] };
  private _refused: string | null = null;
}
