import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { createContext, useContext, useEffect, useState } from 'react';
import type { TrainHubStore } from './store';
import type { ITrainHub } from './tokens';
import { useSignal } from './useSignal';

/** What the React parts of TrainHub work with. */
export interface IHubContext extends ITrainHub {
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
}

/** Given by every widget to what it renders. */
export const HubContext = createContext<IHubContext | null>(null);

/** The services of the widget around. Throws outside of a TrainHub widget. */
export function useHub(): IHubContext {
  const hub = useContext(HubContext);
  if (!hub) {
    throw new Error('This component must be rendered inside HubContext');
  }
  return hub;
}

/** The store, rendering again whenever it changes. */
export function useStore(): TrainHubStore {
  const { store } = useHub();
  useSignal(store.changed);
  return store;
}

/** The time now in milliseconds, rendering again every `interval` milliseconds. */
export function useNow(interval: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), interval);
    return () => window.clearInterval(timer);
  }, [interval]);
  return now;
}
