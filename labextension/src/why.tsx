import React from 'react';
import { useHub } from './context';
import { asSentence, joinSentences } from './sentence';
import type { IExplained } from './views';

/** Why an object is as it is and the next step, as sentences; empty when there is nothing to say. */
export function whyText({ message, reason, remedy }: IExplained): string {
  return joinSentences(
    [message || reason, remedy].map(text => text && asSentence(text))
  );
}

/** Kubernetes' own words, for those who want them. */
export function RawDetails(
  props: Pick<IExplained, 'details'>
): JSX.Element | null {
  const { trans } = useHub();
  return props.details ? (
    <details className="jp-TrainHub-more jp-TrainHub-rawDetails">
      <summary>{trans.__('What Kubernetes says')}</summary>
      <pre tabIndex={0}>{props.details}</pre>
    </details>
  ) : null;
}
