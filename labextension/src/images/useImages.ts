import { useEffect } from 'react';
import { useHub } from '../context';
import { useSignal } from '../useSignal';
import type { ImageCatalogue } from './catalogue';

/** The images, kept up to date while `isWanted`, rendering again whenever they change. */
export function useImages(isWanted = true): ImageCatalogue {
  const { images } = useHub();
  useSignal(images.changed);
  useEffect(() => {
    if (isWanted) {
      const lease = images.watch();
      return () => lease.dispose();
    }
    return undefined;
  }, [images, isWanted]);
  return images;
}
