/** A value of a metric; one that JSON has no number for is a word, as TensorBoard writes it. */
export type ScalarValue = number | 'NaN' | 'Infinity' | '-Infinity';

/** A step, and the value there. */
export type ScalarPoint = [step: number, value: ScalarValue];

/** A curve of a job. */
export interface IScalarSeries {
  /** The run's folder below the log folder, `.` for that itself; empty where logs tell it. */
  run: string;
  tag: string;
  /** At most 120, the last among them. */
  points: ScalarPoint[];
  last: { step: number; value: ScalarValue };
}

/** The curves of a job that say most, losses first. */
export interface IScalars {
  /** Whether they are of its event files, or of what its log tells; null where there are none. */
  source: 'tensorboard' | 'log' | null;
  /** The log folder, as the pods see it. */
  folder: string | null;
  at: string;
  series: IScalarSeries[];
  /** Why there are none. */
  message: string;
}
