import React from 'react';
import { useHub } from '../../context';
import type { IInstance } from '../../views';

/** Why an instance is as it is and the next step, as sentences; empty when there is nothing to say. */
export function whyText({ message, reason, remedy }: IInstance): string {
  return [message || reason, remedy]
    .filter((text): text is string => !!text)
    .map(text => (/[.!?]$/.test(text) ? text : `${text}.`))
    .join(' ');
}

/** Kubernetes' own words, for those who want them. */
export function RawDetails({
  instance
}: {
  instance: IInstance;
}): JSX.Element | null {
  const { trans } = useHub();
  return instance.details ? (
    <details className="jp-TrainHub-more jp-TrainHub-rawDetails">
      <summary>{trans.__('What Kubernetes says')}</summary>
      <pre tabIndex={0}>{instance.details}</pre>
    </details>
  ) : null;
}
