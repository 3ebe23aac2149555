import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONSchema7 } from 'json-schema';
import { ApiError } from '../../api';
import { nameProblem } from '../../form/nameField';
import { withoutBlanks } from '../../form/spec';
import { formatBytes, formatCount, toQuantity } from '../../quantity';
import { asSentence, joinSentences } from '../../sentence';
import type { ICheck, ISize, Spec } from '../../views';

/** Sizes as they are typed into the form: memory as a text with its unit. */
export function asTyped(values: Partial<ISize> | Spec): Spec {
  const entries = Object.entries(values) as [string, ReadonlyJSONValue][];
  return Object.fromEntries(
    entries
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [
        name,
        typeof value === 'number' && ['memory', 'shared_memory'].includes(name)
          ? toQuantity(value)
          : value
      ])
  );
}

/**
 * A spec as the cluster is asked about it. A name that is not finished says nothing of whether it
 * fits, and is judged at its field: a spare one stands in for it.
 */
export function askable(
  data: Spec,
  schema: JSONSchema7,
  spare: string,
  trans: TranslationBundle
): Spec {
  const rules = schema.properties?.name;
  const stands =
    typeof rules !== 'object' ||
    nameProblem(String(data.name ?? ''), rules, trans) === null;
  return withoutBlanks(stands ? data : { ...data, name: spare });
}

/** What a check holds against fields, as the form shows it; null when it holds nothing. */
export function formProblem(check: ICheck): ApiError | null {
  const { errors, refusal, verdict } = check;
  if (errors.length > 0) {
    const [{ field, message }] = errors;
    return new ApiError(message, 'Invalid', { field, causes: errors }, 422);
  }
  // What concerns no field, and what passes by itself, is told beside the form.
  return refusal?.field && verdict !== 'later'
    ? new ApiError(refusal.message, 'Refused', refusal, 422)
    : null;
}

/** A check that was made with another name than the user's: it says nothing about names. */
export function nameless(check: ICheck): ICheck {
  const errors = check.errors.filter(({ field }) => field !== 'name');
  const isRefused = check.refusal?.field === 'name';
  return isRefused || errors.length < check.errors.length
    ? {
        ...check,
        verdict: 'unknown',
        message: null,
        remedy: null,
        refusal: isRefused ? null : check.refusal,
        errors
      }
    : check;
}

/** How a check came out: what is shown as colour and icon goes with these words. */
export type Outcome = ICheck['verdict'] | 'invalid' | 'refused';

/** The outcome of a check. A refusal that passes by itself is one to wait for. */
export function outcomeOf(check: ICheck): Outcome {
  if (check.errors.length > 0) {
    return 'invalid';
  }
  return check.refusal && check.verdict === 'never' ? 'refused' : check.verdict;
}

/** An outcome in a few words. */
export function outcomeWords(
  outcome: Outcome,
  trans: TranslationBundle
): string {
  switch (outcome) {
    case 'now':
      return trans.__('It can start now');
    case 'later':
      return trans.__('It would have to wait');
    case 'never':
      return trans.__('It cannot start here');
    case 'refused':
      return trans.__('The cluster would refuse it');
    case 'invalid':
      return trans.__('Correct the marked fields');
    case 'unknown':
      return trans.__('Whether it fits is not known');
  }
}

/** What a check says, as sentences: why, and what would do. */
export function explain(check: ICheck): string {
  const { message, remedy, refusal } = check;
  const told =
    refusal && refusal.message !== message
      ? [refusal.message, refusal.remedy]
      : [];
  return joinSentences(
    [message, remedy, ...told].map(text => text && asSentence(text))
  );
}

/** A size in words: `2 CPUs · 4 GiB · 1 GPU A100`. What is not given is left out. */
export function sizeWords(
  size: Partial<ISize> & { gpu_model?: string | null },
  trans: TranslationBundle
): string {
  const { cpus, memory, gpus, gpu_model } = size;
  return [
    cpus !== undefined
      ? trans._n('%2 CPU', '%2 CPUs', cpus, formatCount(cpus))
      : '',
    memory !== undefined ? formatBytes(memory) : '',
    gpus
      ? [trans._n('%1 GPU', '%1 GPUs', gpus), gpu_model]
          .filter(Boolean)
          .join(' ')
      : ''
  ]
    .filter(Boolean)
    .join(' · ');
}

/** An amount of a resource of a quota, in the unit that its name tells. */
export function formatAmount(resource: string, amount: number): string {
  return /memory|storage/.test(resource)
    ? formatBytes(amount)
    : formatCount(amount);
}
