import type { TrainHubStore } from './store';
import type { IObjects, Kind } from './views';

/** Resolves as soon as `condition` holds for the store, which is watched meanwhile. */
export async function waitUntil(
  store: TrainHubStore,
  condition: () => boolean
): Promise<void> {
  const lease = store.watch();
  try {
    await new Promise<void>(resolve => {
      const check = (): void => {
        if (condition()) {
          store.changed.disconnect(check);
          resolve();
        }
      };
      store.changed.connect(check);
      check();
    });
  } finally {
    lease.dispose();
  }
}

/**
 * Resolves to an object of the store as soon as `until` holds for it; to null when it is deleted.
 */
export async function waitFor<K extends Kind>(
  store: TrainHubStore,
  kind: K,
  key: string,
  until: (object: IObjects[K]) => boolean
): Promise<IObjects[K] | null> {
  let wasSeen = false;
  await waitUntil(store, () => {
    const object = store.get(kind, key);
    const isGone = wasSeen && !object;
    wasSeen ||= object !== undefined;
    return isGone || (object !== undefined && until(object));
  });
  return store.get(kind, key) ?? null;
}
