import { createContext, useContext } from 'react';
import type { JobTabName } from '../views';

/** The pod that somebody wants to see in a tab of a job's page. */
export interface ITarget {
  tab: JobTabName;
  /** Its rank; null for all. */
  rank: number | null;
  /** The attempt; null for the newest. */
  attempt?: number | null;
  /** A text of the log to go to. */
  find?: string | null;
  /** Counts the choices, so that the same one counts when it is made again. */
  turn: number;
}

/** How the tabs of a job's page lead to each other. */
export interface IJobPage {
  target: ITarget;
  /** Chooses a tab, and the pod that it is to be about. */
  select: (tab: JobTabName, rank?: number | null) => void;
}

/** Given by the page of a job to its tabs. */
export const JobPageContext = createContext<IJobPage>({
  target: { tab: 'overview', rank: null, turn: 0 },
  select: () => undefined
});

/** The way to the other tabs of the page. */
export function useJobPage(): IJobPage {
  return useContext(JobPageContext);
}

/** The last choice of a pod for this tab; null before the first. Put it into the dependencies of an effect. */
export function useTarget(tab: JobTabName): ITarget | null {
  const { target } = useContext(JobPageContext);
  return target.tab === tab && target.turn > 0 ? target : null;
}
