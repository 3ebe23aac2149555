import type { TranslationBundle } from '@jupyterlab/translation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `seconds` as kubectl shows an age, in its two largest units: `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(
  seconds: number,
  trans: TranslationBundle
): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) {
    return trans.__('%1 s', whole);
  }
  if (whole < HOUR) {
    return trans.__('%1 min %2 s', Math.floor(whole / MINUTE), whole % MINUTE);
  }
  if (whole < DAY) {
    return trans.__(
      '%1 h %2 min',
      Math.floor(whole / HOUR),
      Math.floor((whole % HOUR) / MINUTE)
    );
  }
  return trans.__(
    '%1 d %2 h',
    Math.floor(whole / DAY),
    Math.floor((whole % DAY) / HOUR)
  );
}

/** `seconds` in its largest unit alone, for a narrow list: `45 s`, `3 min`, `2 h`, `5 d`. */
export function formatAge(seconds: number, trans: TranslationBundle): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) {
    return trans.__('%1 s', whole);
  }
  if (whole < HOUR) {
    return trans.__('%1 min', Math.floor(whole / MINUTE));
  }
  if (whole < DAY) {
    return trans.__('%1 h', Math.floor(whole / HOUR));
  }
  return trans.__('%1 d', Math.floor(whole / DAY));
}

/** Seconds from one ISO 8601 time to another. */
export function secondsBetween(start: string, end: string | number): number {
  const until = typeof end === 'number' ? end : Date.parse(end);
  return (until - Date.parse(start)) / 1000;
}

/** A time as hours, minutes and seconds, as people type it. */
export interface IClock {
  hours: number;
  minutes: number;
  seconds: number;
}

/** `seconds` taken apart. */
export function toClock(seconds: number): IClock {
  return {
    hours: Math.floor(seconds / HOUR),
    minutes: Math.floor((seconds % HOUR) / MINUTE),
    seconds: seconds % MINUTE
  };
}

/** The seconds that a time stands for. */
export function fromClock({ hours, minutes, seconds }: IClock): number {
  return hours * HOUR + minutes * MINUTE + seconds;
}

/** `seconds` to the second, without what is nothing: `1 h 30 min`, `45 s`. */
export function formatExactly(
  seconds: number,
  trans: TranslationBundle
): string {
  const clock = toClock(seconds);
  const parts = [
    ...(clock.hours ? [trans.__('%1 h', clock.hours)] : []),
    ...(clock.minutes ? [trans.__('%1 min', clock.minutes)] : []),
    ...(clock.seconds ? [trans.__('%1 s', clock.seconds)] : [])
  ];
  return parts.join(' ') || trans.__('%1 s', 0);
}
