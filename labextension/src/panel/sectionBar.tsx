import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { useHub } from '../context';

/** What can be done in a section of the panel, whatever is in it: a row of buttons. */
export function SectionBar(props: {
  label: string;
  buttons: readonly { command: string; label: string; icon: LabIcon }[];
}): JSX.Element {
  const { commands } = useHub();
  return (
    <div
      className="jp-TrainHub-sectionBar"
      role="group"
      aria-label={props.label}
    >
      {props.buttons.map(({ command, label, icon }) => (
        <button
          key={command}
          className="jp-TrainHub-iconButton"
          aria-label={label}
          title={label}
          onClick={() => void commands.execute(command)}
        >
          <icon.react tag="span" aria-hidden="true" />
        </button>
      ))}
    </div>
  );
}
