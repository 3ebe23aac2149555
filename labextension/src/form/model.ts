import { Signal, type ISignal } from '@lumino/signaling';
import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { JSONSchema7 } from 'json-schema';
import { describeError } from '../api';
import type { Spec } from '../views';
import { formErrors, NO_ERRORS, type IFormErrors } from './errors';
import { withoutBlanks } from './spec';

/** The fields that have an editor of their own for their whole value. */
const WHOLE_FIELDS = [
  'env',
  'parameters',
  'command',
  'args',
  'storages',
  'checkpoint_volume',
  'model_volume'
];

/** What is typed into the form of a spec, and what is wrong with it. */
export class SpecFormModel implements IDisposable {
  /**
   * @param _initial - values to begin with, over the defaults of the schema; a function is asked
   * for them when the schema is there
   * @param _hidden - names of fields that are not offered
   */
  constructor(
    private readonly _initial: Spec | (() => Spec),
    private readonly _hidden: readonly string[] = []
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The schema of the fields that are offered; null until it is loaded. */
  get schema(): JSONSchema7 | null {
    return this._schema;
  }

  /** The form's values, as typed. */
  get data(): Spec {
    return this._data;
  }

  set data(data: Spec) {
    this._data = data;
    this._changed.emit();
  }

  /** The spec as it is sent. */
  get spec(): Spec {
    return withoutBlanks(this._data);
  }

  get errors(): IFormErrors {
    return this._errors;
  }

  /** Why there is no form; null when there is one or may be soon. */
  get problem(): string | null {
    return this._problem;
  }

  get isSubmitting(): boolean {
    return this._isSubmitting;
  }

  /** Fetches the schema and begins with its defaults. Never rejects: see {@link problem}. */
  async load(fetch: () => Promise<JSONSchema7>): Promise<void> {
    this._problem = null;
    this._changed.emit();
    try {
      const schema = await fetch();
      const properties = Object.entries(schema.properties ?? {}).filter(
        ([name]) => !this._hidden.includes(name)
      );
      const initial =
        typeof this._initial === 'function' ? this._initial() : this._initial;
      this._data = { ...defaultsOf(properties), ...initial };
      this._errors = NO_ERRORS;
      this._schema = { ...schema, properties: Object.fromEntries(properties) };
    } catch (error) {
      this._problem = describeError(error);
    }
    this._changed.emit();
  }

  /** Shows what the server found wrong; `null` when it found nothing. */
  report(error: unknown): void {
    this._errors =
      error === null
        ? NO_ERRORS
        : formErrors(
            error,
            Object.keys(this._schema?.properties ?? {}),
            WHOLE_FIELDS
          );
    this._changed.emit();
  }

  /**
   * Sends the spec. What is typed stays as it is; when the server refuses, its reasons are shown
   * at their fields.
   *
   * @returns what `send` resolved to; null when it was refused
   */
  async submit<T>(send: (spec: Spec) => Promise<T>): Promise<T | null> {
    this._isSubmitting = true;
    this.report(null);
    try {
      return await send(this.spec);
    } catch (error) {
      this.report(error);
      return null;
    } finally {
      this._isSubmitting = false;
      this._changed.emit();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private readonly _changed = new Signal<this, void>(this);
  private _schema: JSONSchema7 | null = null;
  private _data: Spec = {};
  private _errors: IFormErrors = NO_ERRORS;
  private _problem: string | null = null;
  private _isSubmitting = false;
  private _isDisposed = false;
}

function defaultsOf(properties: [string, JSONSchema7 | boolean][]): Spec {
  return Object.fromEntries(
    properties.flatMap(([name, schema]) =>
      typeof schema === 'object' && schema.default !== undefined
        ? [[name, schema.default as ReadonlyJSONValue]]
        : []
    )
  );
}
