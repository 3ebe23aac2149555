import { JSONExt, type ReadonlyJSONObject } from '@lumino/coreutils';
import type { Spec } from '../../views';

/**
 * What is typed into a form and not sent yet, as it outlives a reload of the page. It is kept in
 * the workspace on the server, so it holds no values of environment variables: those may be
 * secrets.
 */
export interface IDraft extends ReadonlyJSONObject {
  spec: Spec;
  /** The spec of the instance when its editing began; null in the form of a new one. */
  base: Spec | null;
  /** Whether variables were typed that the draft does not hold. */
  lostVariables: boolean;
}

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

/** The draft of a form that holds `data` and began with `base`. */
export function draftOf(data: Spec, base: Spec | null): IDraft {
  return {
    spec: withoutVariables(data),
    base: base && withoutVariables(base),
    lostVariables: !JSONExt.deepEqual(data.env ?? {}, base?.env ?? {})
  };
}

/** What of `spec` are environment variables. */
export function variablesOf(spec: Spec | null): Spec {
  return spec?.env === undefined ? {} : { env: spec.env };
}

function withoutVariables({ env, ...rest }: Spec): Spec {
  return rest;
}
