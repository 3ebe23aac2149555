import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import React from 'react';
import { useHub } from './context';

/** A button that executes a command. */
export function CommandButton(props: {
  command: string;
  args: ReadonlyPartialJSONObject;
  label: string;
  /** Whether it is what most people want next. */
  isMain?: boolean;
  disabled?: boolean;
}): JSX.Element {
  const { commands } = useHub();
  return (
    <button
      className={`jp-mod-styled ${props.isMain ? 'jp-mod-accept' : ''}`}
      disabled={props.disabled}
      onClick={() => void commands.execute(props.command, props.args)}
    >
      {props.label}
    </button>
  );
}
