import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { JSONSchema7 } from 'json-schema';
import { ApiError } from '../../api';
import type { IHubContext } from '../../context';
import { draftOf, variablesOf, type IDraft } from '../../form/draft';
import { LiveAnswer } from '../../form/liveAnswer';
import { NO_ERRORS } from '../../form/errors';
import { SpecFormModel } from '../../form/model';
import { freeName } from '../../form/spec';
import type { ICheck, IInstance, IPreset, Spec } from '../../views';
import type { FormMode, IInstanceFormOptions } from './draft';
import { EditedInstance } from './edited';
import { askable, asTyped, formProblem, nameless } from './fitModel';

/** Milliseconds of quiet after which the cluster is asked whether it fits. */
const QUIET = 300;

/** The name that a new instance is offered, and the length that names may have. */
const NAME = 'dev';
const LONGEST_NAME = 27;

/** The form of an instance: what is typed, whether it fits, and what happened to it elsewhere. */
export class InstanceFormModel implements IDisposable {
  constructor(
    private readonly _hub: IHubContext,
    options: IInstanceFormOptions
  ) {
    this._mode = options.mode;
    this.name = options.name;
    this._draft = options.draft;
    this.hadVariables = options.draft?.lostVariables ?? false;
    this.form = new SpecFormModel(() => this._initial());
    this.fit = new LiveAnswer<ICheck>(async (spec, signal) => {
      const isEdit = this._mode === 'edit';
      const check = await _hub.api.instances.check(spec, signal, isEdit);

      return spec.name === this.form.data.name ? check : nameless(check);
    }, QUIET);
    this.form.changed.connect(this._onFormChanged, this);
    this.fit.changed.connect(this._onFitChanged, this);
    _hub.store.changed.connect(this._onStoreChanged, this);
  }

  readonly form: SpecFormModel;
  readonly fit: LiveAnswer<ICheck>;

  /** The instance that is edited or cloned; null for a new one. */
  readonly name: string | null;

  /** Whether variables that were typed before a reload are gone. */
  readonly hadVariables: boolean;

  /** Emitted when anything of it has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get mode(): FormMode {
    return this._mode;
  }

  /** The choices of sizes that the site offers. */
  get presets(): readonly IPreset[] {
    return this._presets;
  }

  /** Counts how often the form was filled anew, from outside of its fields. */
  get filling(): number {
    return this._filling;
  }

  /** What happened elsewhere to the instance that is edited. */
  get elsewhere(): 'changed' | 'deleted' | null {
    return this._edited?.elsewhere ?? null;
  }

  /** The instance that is edited, as it is now. */
  get instance(): IInstance | null {
    return this._edited?.now ?? null;
  }

  /** What has to outlive a reload of the page. */
  get draft(): IDraft | null {
    const base = (this._edited?.base ?? this._origin)?.spec ?? null;
    return this.form.schema ? draftOf(this.form.data, base) : this._draft;
  }

  /** Fetches the schema and the instance. Never rejects: see the form's `problem`. */
  async load(): Promise<void> {
    const { api, store } = this._hub;
    await this.form.load(async (): Promise<JSONSchema7> => {
      const [{ instance: schema, presets }, base] = await Promise.all([
        api.schemas(),
        this.name === null || this._mode === 'new'
          ? null
          : api.instances.get(this.name)
      ]);
      this._presets = presets?.instance ?? [];
      this._origin = base;
      this._edited =
        this._mode === 'edit' && base
          ? new EditedInstance(
              base,
              this._draft?.base ?? null,
              store.get('instance', base.name) !== undefined
            )
          : null;
      return schema;
    });
    if (this.form.schema) {
      this._draft = null;
    }
  }

  /** Takes this image, or begins with it. */
  useImage(image: string): void {
    this._chosen = { image };
    if (this.form.schema) {
      this.fill(this._chosen);
    }
  }

  /** Fills fields; what does not concern them stays as it is. */
  fill(values: Spec): void {
    this.form.data = { ...this.form.data, ...asTyped(values) };
  }

  /**
   * Creates the instance, or saves what was edited.
   *
   * @returns the instance; null when it was refused, which the form shows by then
   */
  async submit(restart = false): Promise<IInstance | null> {
    const { api, store } = this._hub;
    const instance = await this.form.submit(spec =>
      this._mode === 'edit'
        ? this._update(spec, restart)
        : api.instances.create(spec)
    );
    if (instance) {
      store.put(instance);
    }
    return instance;
  }

  /** Takes the instance as it is now and forgets what was typed. */
  takeTheirs(): void {
    this._edited?.accept();
    this._filling += 1;
    this.form.data = this._edited?.base.spec ?? {};
  }

  /** Goes on with what was typed, over what was changed elsewhere. */
  keepMine(): void {
    this._edited?.accept();
    this._changed.emit();
  }

  /** Makes a new instance of what was typed, since the edited one is gone. */
  makeNew(): void {
    this._mode = 'new';
    this._edited = this._origin = null;
    this._checked = '';
    this._onFormChanged();
  }

  get isDisposed(): boolean {
    return this.form.isDisposed;
  }

  dispose(): void {
    this.form.dispose();
    this.fit.dispose();
    Signal.clearData(this);
  }

  private _initial(): Spec {
    const base = this._origin?.spec ?? null;
    if (this._draft) {
      return { ...this._draft.spec, ...variablesOf(base) };
    }
    return this._mode === 'edit'
      ? (base ?? {})
      : { ...base, ...this._chosen, name: this._freeName(this.name ?? NAME) };
  }

  private _freeName(name: string): string {
    const { store } = this._hub;
    const taken = new Set(store.list('instance').map(({ name }) => name));
    if (this.name !== null) {
      taken.add(this.name);
    }
    return freeName(name, taken, '_', LONGEST_NAME);
  }

  private async _update(spec: Spec, restart: boolean): Promise<IInstance> {
    const { instances } = this._hub.api;
    const name = this.name!;
    const version = this._edited?.base.version;
    try {
      return await instances.update(name, { spec, version, restart });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) {
        throw error;
      }
      this._edited?.see(await instances.get(name));
      // It says who changed it; no field of the form is at fault.
      const { remedy } = error.details;
      throw new ApiError(error.message, error.reason, { remedy }, 409);
    }
  }

  private _onFormChanged(): void {
    const { schema } = this.form;
    if (schema) {
      const spare = this._freeName(NAME);
      const spec = askable(this.form.data, schema, spare, this._hub.trans);
      const text = JSON.stringify(spec);
      if (text !== this._checked) {
        this._checked = text;
        this.fit.request(spec);
      }
    }
    this._changed.emit();
  }

  private _onFitChanged(): void {
    const { answer, isPending } = this.fit;
    if (!isPending && !this.form.isSubmitting) {
      const problem = answer && formProblem(answer);
      if (problem || this.form.errors !== NO_ERRORS) {
        this.form.report(problem);
      }
    }
    this._changed.emit();
  }

  private _onStoreChanged(): void {
    if (this._edited && !this.form.isSubmitting) {
      const { store } = this._hub;
      this._edited.look(store.get('instance', this.name!) ?? null);
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _mode: FormMode;
  private _draft: IDraft | null;
  private _presets: readonly IPreset[] = [];
  private _origin: IInstance | null = null;
  private _edited: EditedInstance | null = null;
  private _chosen: Spec = {};
  private _checked = '';
  private _filling = 0;
}
