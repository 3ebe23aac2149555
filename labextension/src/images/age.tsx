import React from 'react';
import { useHub, useNow } from '../context';
import { imageAge } from './words';

/** Milliseconds after which ages are counted anew. */
const INTERVAL = 60_000;

/** How old an image is, with the time on hovering; nothing when nobody knows. */
export function ImageAge(props: {
  created: string | null;
}): JSX.Element | null {
  const { trans } = useHub();
  const now = useNow(INTERVAL);
  const { created } = props;
  return created === null ? null : (
    <time
      className="jp-TrainHub-age"
      dateTime={created}
      title={new Date(created).toLocaleString()}
    >
      {imageAge(created, now, trans)}
    </time>
  );
}
