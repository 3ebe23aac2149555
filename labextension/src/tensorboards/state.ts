import type { ITensorBoard } from './views';

/**
 * How a tab stands: `asking` the server, `refused` by it, `away` with its cluster, `gone` where
 * somebody has deleted it, else as its TensorBoard.
 */
export type TabState =
  | 'asking'
  | 'refused'
  | 'starting'
  | 'waiting'
  | 'running'
  | 'failed'
  | 'stopped'
  | 'away'
  | 'gone';

/** What a tab knows. */
interface IFacts {
  view: ITensorBoard | null;
  isRefused: boolean;
  isAsking: boolean;
  /** Whether the server lists it no longer. */
  isMissing: boolean;
  /** Whether TensorBoard reads the first events just now. */
  isReading: boolean;
  /** Whether the user wants to see it without any. */
  showsAnyway: boolean;
  isClusterAway: boolean;
}

/** How a tab stands by what it knows. */
export function tabState(facts: IFacts): TabState {
  const { view, isMissing } = facts;
  if (facts.isRefused) {
    return 'refused';
  }
  if (!view) {
    return 'asking';
  }
  if (facts.isAsking) {
    // What runs is seen until it has another phase.
    return view.phase === 'Running' && !isMissing ? 'running' : 'asking';
  }
  if (isMissing) {
    return view.where === 'cluster' && facts.isClusterAway ? 'away' : 'gone';
  }
  if (view.phase !== 'Running') {
    return view.phase.toLowerCase() as TabState;
  }
  const isEmpty = view.waiting || facts.isReading;
  return isEmpty && !facts.showsAnyway ? 'waiting' : 'running';
}
