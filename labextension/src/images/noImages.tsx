import React from 'react';
import { useHub } from '../context';
import { useImages } from './useImages';

/** What is said where no image is listed. */
export function NoImages(props: {
  /** What images were to have in them. */
  text: string;
}): JSX.Element | null {
  const { trans } = useHub();
  const { problem, registry } = useImages();
  const { text } = props;
  if (problem ?? registry?.message) {
    // The notice above says why there are none.
    return null;
  }
  return (
    <p className="jp-TrainHub-empty" role="status">
      {registry === undefined
        ? trans.__('Fetching…')
        : text
          ? trans.__('No image has "%1" in it.', text)
          : trans.__(
              'No images. "Save as image…" in the menu of an instance makes one.'
            )}
    </p>
  );
}
