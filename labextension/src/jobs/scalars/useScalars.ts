import { useEffect, useState, type RefObject } from 'react';
import { useHub } from '../../context';
import { useIsShown } from '../../useIsShown';
import { isOver, type IJob } from '../views';
import { watchScalars } from './watch';
import type { IScalars } from './views';

/** The curves of a job, kept up to date while `element` can be seen. */
export function useScalars(
  job: IJob,
  element: RefObject<Element>
): IScalars | null {
  const { api } = useHub();
  const isShown = useIsShown(element);
  const [scalars, setScalars] = useState<IScalars | null>(null);
  const over = isOver(job);
  const { name, uid, started } = job;
  useEffect(() => {
    if (!isShown || !started) {
      return;
    }
    const key = `${uid} ${over}`;
    return watchScalars(api, name, { key, isOver: over }, setScalars);
  }, [api, name, uid, started, over, isShown]);
  return scalars;
}
