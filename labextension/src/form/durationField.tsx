import type { FieldProps } from '@rjsf/utils';
import React, { useState } from 'react';
import { fromClock, toClock, type IClock } from '../duration';
import type { IFormContext } from './templates';

type Unit = keyof IClock;

/** Edits seconds as hours, minutes and seconds; nothing in all three is no value at all. */
export function DurationField(props: FieldProps): JSX.Element {
  const { trans } = props.formContext as IFormContext;
  const id = props.idSchema.$id;
  const [texts, setTexts] = useState<Record<Unit, string>>(() =>
    textsOf(props.formData as number | undefined)
  );
  const labels: Record<Unit, string> = {
    hours: trans.__('h'),
    minutes: trans.__('min'),
    seconds: trans.__('s')
  };
  const names: Record<Unit, string> = {
    hours: trans.__('Hours'),
    minutes: trans.__('Minutes'),
    seconds: trans.__('Seconds')
  };
  const change = (unit: Unit, text: string): void => {
    const next = { ...texts, [unit]: text };
    setTexts(next);
    const isEmpty = Object.values(next).every(part => part.trim() === '');
    props.onChange(
      isEmpty
        ? undefined
        : fromClock({
            hours: Number(next.hours),
            minutes: Number(next.minutes),
            seconds: Number(next.seconds)
          })
    );
  };
  return (
    <div
      className="jp-TrainHub-duration"
      role="group"
      aria-label={props.schema.title}
      aria-describedby={`${id}__description ${id}__error`}
    >
      {(Object.keys(labels) as Unit[]).map((unit, index) => (
        <label key={unit}>
          <input
            // The label of the whole field leads to the first part of it.
            id={index === 0 ? id : undefined}
            className="jp-mod-styled"
            type="number"
            min={0}
            aria-label={trans.__('%1: %2', props.schema.title, names[unit])}
            value={texts[unit]}
            onChange={({ target }) => change(unit, target.value)}
          />{' '}
          {labels[unit]}
        </label>
      ))}
    </div>
  );
}

function textsOf(seconds: number | undefined): Record<Unit, string> {
  if (seconds === undefined || seconds === null) {
    return { hours: '', minutes: '', seconds: '' };
  }
  const clock = toClock(seconds);
  const text = (value: number): string => (value ? String(value) : '');
  return {
    hours: text(clock.hours),
    minutes: text(clock.minutes),
    seconds: text(clock.seconds)
  };
}
