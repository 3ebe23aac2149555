import type { Event } from '@jupyterlab/services';
import { keyOf, type IObjects, type Kind } from './views';

/** The schema under which the server pushes changes on Jupyter's event bus. */
export const OBJECT_SCHEMA = 'https://schema.jupyter.org/trainhub/object/v1';

/** One object came, changed or went. */
export interface IObjectChange {
  kind: Kind;
  /** The object's key: see `keyOf`. */
  key: string;
  /** The object as it is now; null when it is gone. */
  object: IObjects[Kind] | null;
}

const KINDS: readonly string[] = ['instance', 'job', 'tensorboard', 'transfer'];

/** The change that an emission of the event bus stands for; null when it is not one of ours. */
export function objectChange(emission: Event.Emission): IObjectChange | null {
  if (emission.schema_id !== OBJECT_SCHEMA) {
    return null;
  }
  const { kind, name, action, object } = emission as unknown as {
    kind: Kind;
    name: string;
    action: 'changed' | 'deleted';
    object?: IObjects[Kind];
  };
  if (!KINDS.includes(kind)) {
    return null;
  }
  if (action === 'deleted' || !object) {
    return { kind, key: name, object: null };
  }
  return { kind, key: keyOf(object), object };
}
