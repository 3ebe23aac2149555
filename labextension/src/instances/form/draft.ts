import type { IDraft } from '../../form/draft';

/** What a form of an instance is for. */
export type FormMode = 'new' | 'edit' | 'clone';

/** With what the form of an instance begins. */
export interface IInstanceFormOptions {
  mode: FormMode;
  /** The instance that is edited or cloned; null for a new one. */
  name: string | null;
  /** What was typed before the page was reloaded. */
  draft: IDraft | null;
}
