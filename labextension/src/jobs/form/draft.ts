import type { IDraft } from '../../form/draft';
import type { SourceFile } from '../../notebook/source';
import type { IJob } from '../views';

/** What is typed into the form of a job, as it outlives a reload of the page. */
export interface IJobDraft extends IDraft {
  /** Whether the code of `run` is to run instead of the notebook as it is now. */
  asSubmitted: boolean;
  /** The run of the job that is cloned. */
  run: string | null;
}

/** With what the form of a job begins. */
export interface IJobFormOptions {
  /** The notebook or script to run; null for a command. */
  source: SourceFile | null;
  /** The job that is cloned; null when none is, or when it is gone by now. */
  clone: IJob | null;
  /** Its name. */
  cloneName: string | null;
  /** The image to begin with. */
  image: string | null;
  /** What was typed before the page was reloaded. */
  draft: IJobDraft | null;
}
