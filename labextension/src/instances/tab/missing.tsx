import React from 'react';
import { useHub } from '../../context';
import { Copyable } from '../../copyable';
import { Splash } from '../../splash';

/** Stands in for an interface that the image does not offer, and says what to add to it. */
export function Missing(props: {
  title: string;
  message: string;
  /** A line for the image's Dockerfile. */
  remedy?: string;
  children?: React.ReactNode;
}): JSX.Element {
  return (
    <Splash
      title={props.title}
      message={props.message}
      body={<DockerfileLines text={props.remedy} />}
    >
      {props.children}
    </Splash>
  );
}

/** What to add to a Dockerfile, to copy; nothing when there is nothing to add. */
export function DockerfileLines({
  text
}: {
  text?: string;
}): JSX.Element | null {
  const { trans } = useHub();
  return text ? (
    <Copyable
      label={trans.__("What to add to the image's Dockerfile")}
      text={text}
    />
  ) : null;
}
