import type { TranslationBundle } from '@jupyterlab/translation';
import { formatAge, secondsBetween } from '../../duration';
import type { IJobProgress } from '../views';

/** How much is done, such as `37 %`, or else the step; empty where neither is known. */
export function doneWords(
  { fraction, step }: IJobProgress,
  trans: TranslationBundle
): string {
  if (fraction !== null) {
    return `${Math.floor(100 * fraction)} %`;
  }
  return step === null ? '' : trans.__('Step %1', step);
}

/** How long it goes on at a time, in milliseconds, or that it is stuck; empty where unknown. */
export function leftWords(
  { at, remaining, stalled }: IJobProgress,
  now: number,
  trans: TranslationBundle
): string {
  const since = Math.max(0, secondsBetween(at, now));
  if (stalled) {
    return trans.__('No progress for %1', formatAge(since, trans));
  }
  return remaining === null
    ? ''
    : trans.__('%1 left', formatAge(remaining - since, trans));
}

/** Where it is: the epoch, the step and the speed, as far as they are known. */
export function placeWords(
  { epoch, epochs, step, total, rate }: IJobProgress,
  trans: TranslationBundle
): string[] {
  return [
    counted(epoch, epochs, {
      of: (done, all) => trans.__('Epoch %1 of %2', done, all),
      alone: done => trans.__('Epoch %1', done)
    }),
    counted(step, total, {
      of: (done, all) => trans.__('Step %1 of %2', done, all),
      alone: done => trans.__('Step %1', done)
    }),
    rateWords(rate, trans)
  ].filter(Boolean);
}

/** A metric and its value; null is one that is not finite. */
export function metricWords(name: string, value: number | null): string {
  return `${name} ${value === null ? 'nan' : Number(value.toPrecision(4))}`;
}

function rateWords(rate: number | null, trans: TranslationBundle): string {
  if (!rate) {
    return '';
  }
  return rate >= 1
    ? trans.__('%1 steps/s', Number(rate.toPrecision(3)))
    : trans.__('%1 s per step', Number((1 / rate).toPrecision(3)));
}

function counted(
  done: number | null,
  all: number | null,
  words: {
    of: (done: number, all: number) => string;
    alone: (done: number) => string;
  }
): string {
  if (done === null) {
    return '';
  }
  return all === null ? words.alone(done) : words.of(done, all);
}
