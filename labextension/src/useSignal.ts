import type { ISignal } from '@lumino/signaling';
import { useEffect, useState } from 'react';

/** Renders again whenever the signal is emitted. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, render] = useState({});
  useEffect(() => {
    const update = (): void => render({});
    signal.connect(update);
    // It may have been emitted between rendering and this effect.
    update();
    return () => {
      signal.disconnect(update);
    };
  }, [signal]);
}
