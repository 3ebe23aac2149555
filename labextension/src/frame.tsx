import React from 'react';

/**
 * What a framed application may do. It comes from the Jupyter server's own origin and needs its
 * storage and cookies, but must not replace the page around it.
 */
const SANDBOX =
  'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals';

/** An application of the cluster inside a tab. */
export function Frame(props: { address: string; title: string }): JSX.Element {
  return (
    <iframe
      className="jp-TrainHub-frame"
      src={props.address}
      title={props.title}
      sandbox={SANDBOX}
      allow="clipboard-read; clipboard-write; fullscreen"
    />
  );
}
