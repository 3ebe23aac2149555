import { Poll } from '@lumino/polling';
import { useEffect, useRef, useState, type RefObject } from 'react';
import { describeError } from '../api';
import { useHub } from '../context';
import { isFinished, type IJob } from '../jobs/views';
import { useIsShown } from '../useIsShown';
import { merge, nextSince } from './model';
import type { IMetrics } from './views';

/** Seconds between two requests until the server has said how often it measures. */
const FIRST_INTERVAL = 5;

/** What a job uses, kept up to date while `element` can be seen. */
export function useMetrics(
  job: IJob,
  element: RefObject<Element>
): { metrics: IMetrics | null; problem: string | null } {
  const { api } = useHub();
  const isShown = useIsShown(element);
  const known = useRef<IMetrics | null>(null);
  const [state, setState] = useState<{
    metrics: IMetrics | null;
    problem: string | null;
  }>({ metrics: null, problem: null });
  const isOver = isFinished(job.phase);
  useEffect(() => {
    if (!isShown) {
      return;
    }
    let isCurrent = true;
    const ask = async (): Promise<void> => {
      try {
        const since = nextSince(known.current);
        const answer = await api.metrics.of(job.name, since);
        if (isCurrent) {
          known.current = merge(since === null ? null : known.current, answer);
          setState({ metrics: known.current, problem: null });
          const interval = answer.interval * 1000;
          poll.frequency = { ...poll.frequency, interval };
        }
      } catch (error) {
        if (isCurrent) {
          setState({ metrics: known.current, problem: describeError(error) });
        }
        throw error;
      }
      if (isOver) {
        void poll.stop();
      }
    };
    const poll = new Poll({
      factory: ask,
      frequency: {
        interval: FIRST_INTERVAL * 1000,
        backoff: true,
        max: 120_000
      },
      standby: 'when-hidden'
    });
    return () => {
      isCurrent = false;
      poll.dispose();
    };
    // What attempts before the present one have used is known; the next one has pods of its own.
  }, [api, job.name, job.uid, job.phase, isOver, isShown]);
  return state;
}
