import React from 'react';

/**
 * What a framed application may do. It comes from the Jupyter server's own origin and needs its
 * storage and cookies, but must not replace the page around it.
 */
const SANDBOX =
  'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals';

/** An application of the cluster inside a tab. */
export function Frame(props: {
  /** Left out where `frameRef` sets it. */
  address?: string;
  title: string;
  frameRef?: React.Ref<HTMLIFrameElement>;
  onLoad?: () => void;
  /** What it may do beside what all may. */
  permissions?: string;
}): JSX.Element {
  const { permissions = '' } = props;
  return (
    <iframe
      ref={props.frameRef}
      className="jp-TrainHub-frame"
      src={props.address}
      title={props.title}
      onLoad={props.onLoad}
      sandbox={`${SANDBOX} ${permissions}`.trim()}
      allow="clipboard-read; clipboard-write; fullscreen"
    />
  );
}
