import { JSONExt } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { JSONSchema7 } from 'json-schema';
import { ApiError } from '../../api';
import type { IHubContext } from '../../context';
import { LiveAnswer } from '../../form/liveAnswer';
import { NO_ERRORS } from '../../form/errors';
import { SpecFormModel } from '../../form/model';
import { nameProblem } from '../../form/nameField';
import { freeName, withoutBlanks } from '../../form/spec';
import type { ICheck, IInstance, IPreset, Spec } from '../../views';
import { draftOf, variablesOf, type IDraft } from './draft';
import { asTyped, formProblem, nameless } from './fitModel';

/** Milliseconds of quiet after which the cluster is asked whether it fits. */
const QUIET = 300;

/** The name that a new instance is offered, and the length that names may have. */
const NAME = 'dev';
const LONGEST_NAME = 27;

/** What a form of an instance is for. */
export type FormMode = 'new' | 'edit' | 'clone';

/** With what the form of an instance begins. */
export interface IInstanceFormOptions {
  mode: FormMode;
  /** The instance that is edited or cloned; null for a new one. */
  name: string | null;
  /** What was typed before the page was reloaded. */
  draft: IDraft | null;
}

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
    return this._elsewhere;
  }

  /** The instance that is edited, as it is now. */
  get instance(): IInstance | null {
    return this._there;
  }

  /** What has to outlive a reload of the page. */
  get draft(): IDraft | null {
    return this.form.schema
      ? draftOf(this.form.data, this._base?.spec ?? null)
      : this._draft;
  }

  /** Fetches the schema and the instance. Never rejects: see the form's `problem`. */
  async load(): Promise<void> {
    const { api } = this._hub;
    await this.form.load(async (): Promise<JSONSchema7> => {
      const [{ instance: schema, presets }, base] = await Promise.all([
        api.schemas(),
        this.name === null || this._mode === 'new'
          ? null
          : api.instances.get(this.name)
      ]);
      this._presets = presets?.instance ?? [];
      this._base = this._there = base;
      const known = this._draft?.base;
      if (this._mode === 'edit' && base && known) {
        const spec = { ...known, ...variablesOf(base.spec) };
        this._base = { ...base, spec };
        this._see(base);
      }
      return schema;
    });
    if (this.form.schema) {
      this._draft = null;
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
    this.keepMine();
    this._filling += 1;
    this.form.data = this._base?.spec ?? {};
  }

  /** Goes on with what was typed, over what was changed elsewhere. */
  keepMine(): void {
    this._base = this._there;
    this._elsewhere = null;
    this._changed.emit();
  }

  /** Makes a new instance of what was typed, since the edited one is gone. */
  makeNew(): void {
    this._mode = 'new';
    this._base = null;
    this._elsewhere = null;
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
    const base = this._base?.spec ?? null;
    if (this._draft) {
      return { ...this._draft.spec, ...variablesOf(base) };
    }
    return this._mode === 'edit'
      ? (base ?? {})
      : { ...base, name: this._freeName(this.name ?? NAME) };
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
    const version = this._base?.version;
    try {
      return await instances.update(name, { spec, version, restart });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) {
        throw error;
      }
      this._see(await instances.get(name));
      // It says who changed it; no field of the form is at fault.
      const { remedy } = error.details;
      throw new ApiError(error.message, error.reason, { remedy }, 409);
    }
  }

  private _onFormChanged(): void {
    const { schema } = this.form;
    if (schema) {
      const spec = this._checkedSpec(schema);
      const text = JSON.stringify(spec);
      if (text !== this._checked) {
        this._checked = text;
        this.fit.request(spec);
      }
    }
    this._changed.emit();
  }

  /**
   * The spec as the cluster is asked about it. A name that is not finished says nothing of whether
   * it fits, and is judged at its field.
   */
  private _checkedSpec(schema: JSONSchema7): Spec {
    const { data } = this.form;
    const rules = schema.properties?.name;
    const name = String(data.name ?? '');
    const stands =
      typeof rules !== 'object' ||
      nameProblem(name, rules, this._hub.trans) === null;
    return withoutBlanks(
      stands ? data : { ...data, name: this._freeName(NAME) }
    );
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
    const { store } = this._hub;
    if (this._mode !== 'edit' || !this._base || this.form.isSubmitting) {
      return;
    }
    const there = store.get('instance', this.name!) ?? null;
    this._isListed ||= there !== null;
    if (this._isListed) {
      this._see(there);
    }
  }

  /** Takes note of the edited instance as it is now; null when it is gone. */
  private _see(there: IInstance | null): void {
    if (there === null || there.uid !== this._base?.uid) {
      this._elsewhere = 'deleted';
    } else if (!same(there.spec, this._base.spec)) {
      this._elsewhere = 'changed';
      this._there = there;
    } else {
      this._elsewhere = null;
      this._base = this._there = there;
    }
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _mode: FormMode;
  private _draft: IDraft | null;
  private _presets: readonly IPreset[] = [];
  private _base: IInstance | null = null;
  private _there: IInstance | null = null;
  private _elsewhere: 'changed' | 'deleted' | null = null;
  private _checked = '';
  private _isListed = false;
  private _filling = 0;
}

function same(one: Spec, other: Spec): boolean {
  return JSONExt.deepEqual(one, other);
}
