import React from 'react';

/** What a tab shows while the thing itself cannot be shown yet, or any more. */
export function Splash(props: {
  title: string;
  /** What is going on, or what went wrong. */
  message?: string | null;
  phase?: string;
  /** Whether it goes on by itself: shown by a moving bar. */
  busy?: boolean;
  /** What explains the message, below it. */
  body?: React.ReactNode;
  /** What can be done: buttons. */
  children?: React.ReactNode;
}): JSX.Element {
  return (
    <section
      className="jp-TrainHub-splash"
      data-trainhub-phase={props.phase}
      aria-busy={props.busy ?? false}
    >
      <h2 className="jp-TrainHub-splashTitle">{props.title}</h2>
      {props.busy && (
        <progress className="jp-TrainHub-progress" aria-label={props.title} />
      )}
      <p className="jp-TrainHub-splashMessage" role="status">
        {props.message}
      </p>
      {props.body && <div className="jp-TrainHub-splashBody">{props.body}</div>}
      {props.children && (
        <div className="jp-TrainHub-splashActions">{props.children}</div>
      )}
    </section>
  );
}
