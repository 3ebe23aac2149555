import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { jobIcon } from '../../icons';
import { CommandIDs } from '../../commands';
import type { IHubContext } from '../../context';
import type { NotebookMarks } from './notebookMarks';

/** The item of the status bar that counts the errors in the current notebook, and leads to them. */
export class MarkStatus extends ReactWidget {
  constructor(private readonly _hub: IHubContext) {
    super();
    this.addClass('jp-TrainHub-markStatus');
  }

  /** The notebook that is current; null for none. */
  set notebook(notebook: NotebookMarks | null) {
    this._notebook?.changed.disconnect(this.update, this);
    this._notebook = notebook;
    notebook?.changed.connect(this.update, this);
    this.update();
  }

  protected render(): JSX.Element | null {
    const { commands, trans } = this._hub;
    const shown = this._notebook?.shown ?? [];
    if (shown.length === 0) {
      return null;
    }
    const [job, ...others] = new Set(shown.map(({ failure }) => failure.job));
    return (
      <button
        className="jp-TrainHub-markStatusButton"
        title={trans.__('Show the next error of the job')}
        onClick={() => void commands.execute(CommandIDs.showNextError)}
      >
        <jobIcon.react tag="span" stylesheet="statusBar" aria-hidden="true" />
        {others.length === 0
          ? trans._n(
              '%1 error from job %2',
              '%1 errors from job %2',
              shown.length,
              job
            )
          : trans.__('%1 errors from jobs', shown.length)}
      </button>
    );
  }

  private _notebook: NotebookMarks | null = null;
}
