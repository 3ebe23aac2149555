import { useEffect, useState } from 'react';
import { describeError } from './api';

/** How a request to the server stands. */
export interface IRequest<T> {
  /** The last answer; kept while a newer one is asked for. */
  value: T | null;
  /** Why the last request failed; null when it did not. */
  problem: string | null;
  isPending: boolean;
  /** Asks once more. */
  again: () => void;
}

/** Asks the server when the component is first shown, and anew whenever `key` changes. */
export function useRequest<T>(
  ask: () => Promise<T>,
  key: unknown
): IRequest<T> {
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<Omit<IRequest<T>, 'again'>>({
    value: null,
    problem: null,
    isPending: true
  });
  useEffect(() => {
    let isCurrent = true;
    setState(({ value }) => ({ value, problem: null, isPending: true }));
    ask().then(
      value => {
        if (isCurrent) {
          setState({ value, problem: null, isPending: false });
        }
      },
      (error: unknown) => {
        if (isCurrent) {
          const problem = describeError(error);
          setState(({ value }) => ({ value, problem, isPending: false }));
        }
      }
    );
    return () => {
      isCurrent = false;
    };
  }, [key, attempt]);
  return { ...state, again: () => setAttempt(attempt + 1) };
}
