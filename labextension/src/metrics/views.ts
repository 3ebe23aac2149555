/** What is measured, in the order in which it is shown. */
export const METRICS = [
  'cpu',
  'memory',
  'gpu',
  'gpu_memory',
  'network_receive',
  'network_transmit',
  'disk_read',
  'disk_write',
  'disk'
] as const;

export type Metric = (typeof METRICS)[number];

export type Unit = 'cores' | 'bytes' | 'bytes/s' | 'percent';

/** Seconds since 1970, and how much. */
export type Point = [number, number];

/** What one pod used of one thing; the points are in the order of time. */
export interface ISeries {
  pod: string;
  rank: number;
  metric: Metric;
  unit: Unit;
  points: Point[];
}

/** What a pod asked for and may use at most. */
export interface IAsked {
  pod: string;
  rank: number;
  metric: Metric;
  request: number | null;
  limit: number | null;
}

/** Why something is not known, and what would do. */
export interface IMissing {
  metric: Metric;
  why: string;
  remedy: string | null;
}

/** What a job uses. */
export interface IMetrics {
  job: string;
  /** Seconds from one measurement to the next. */
  interval: number;
  /** Who has told it. */
  sources: string[];
  missing: IMissing[];
  asked: IAsked[];
  series: ISeries[];
}
