import { JSONExt, type ReadonlyJSONObject } from '@lumino/coreutils';
import type { Spec } from '../views';

/**
 * What is typed into a form and not sent yet, as it outlives a reload of the page. It is kept in
 * the workspace on the server, so it holds no values of environment variables: those may be
 * secrets.
 */
export interface IDraft extends ReadonlyJSONObject {
  spec: Spec;
  /** The spec with which the editing of something began; null in the form of something new. */
  base: Spec | null;
  /** Whether variables were typed that the draft does not hold. */
  lostVariables: boolean;
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
