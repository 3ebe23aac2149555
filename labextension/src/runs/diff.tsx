import React from 'react';

/** What kinds of lines a unified difference has, by how they begin. */
const KINDS: [string, string][] = [
  ['+++', 'file'],
  ['---', 'file'],
  ['diff ', 'file'],
  ['@@', 'place'],
  ['+', 'added'],
  ['-', 'removed'],
  ['# ', 'place']
];

/** A unified difference; a screen reader and a copy have its plus and minus signs too. */
export function Diff(props: { text: string; label: string }): JSX.Element {
  return (
    <pre className="jp-TrainHub-diff" tabIndex={0} aria-label={props.label}>
      {props.text.split('\n').map((line, index) => {
        const kind = KINDS.find(([start]) => line.startsWith(start))?.[1];
        return (
          <span key={index} data-kind={kind}>
            {`${line}\n`}
          </span>
        );
      })}
    </pre>
  );
}
