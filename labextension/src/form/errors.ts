import type { ErrorSchema } from '@rjsf/utils';
import { ApiError, describeError } from '../api';
import { asSentence, joinSentences } from '../sentence';
import type { Spec } from '../views';

/** An error taken apart for a form. */
export interface IFormErrors {
  /** What belongs to a field, in the shape of the form's data. */
  fields: ErrorSchema<Spec>;
  /** The names of the top-level fields at fault, in the order told. */
  names: string[];
  /** What belongs to no field of the form. */
  general: string | null;
}

/** No error at all. */
export const NO_ERRORS: IFormErrors = { fields: {}, names: [], general: null };

/**
 * Takes the server's answer apart: each cause goes to its field, what names no field of the form
 * is general.
 *
 * @param shown - names of the form's top-level fields
 * @param whole - those of them that are edited as a whole: errors in their depth belong to them
 */
export function formErrors(
  error: unknown,
  shown: readonly string[],
  whole: readonly string[]
): IFormErrors {
  if (!(error instanceof ApiError)) {
    return { ...NO_ERRORS, general: describeError(error) };
  }
  const { field, remedy, causes } = error.details;
  const told = causes?.length
    ? causes
    : field
      ? [{ field, message: error.message }]
      : [];
  const fields: ErrorSchema<Spec> = {};
  const names = new Set<string>();
  const general: string[] = [];
  for (const cause of told) {
    const message = joinSentences([
      asSentence(cause.message),
      cause.field === field ? remedy : null
    ]);
    const [name, ...rest] = cause.field.split('.');
    if (shown.includes(name)) {
      names.add(name);
      attach(fields, whole.includes(name) ? [name] : [name, ...rest], message);
    } else {
      general.push(`${cause.field}: ${message}`);
    }
  }
  if (told.length === 0) {
    general.push(error.advice);
  }
  return {
    fields,
    names: Array.from(names),
    general: joinSentences(general) || null
  };
}

function attach(
  schema: ErrorSchema<Spec>,
  path: readonly string[],
  message: string
): void {
  let at = schema as Record<string, unknown>;
  for (const part of path) {
    at = (at[part] ??= {}) as Record<string, unknown>;
  }
  const known = (at.__errors ?? []) as string[];
  at.__errors = [...known, message];
}
