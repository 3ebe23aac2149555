import React from 'react';
import { CommandIDs } from '../../commands';
import { useHub, type IHubContext } from '../../context';
import { nameFromPath } from '../../form/spec';
import { HubWidget } from '../../hubWidget';
import type { SourceFile } from '../../notebook/source';
import type { Spec } from '../../views';
import { PreviewModel } from './model';
import { PreviewPanel } from './plan';

/** A tab that shows what would run of a file, without a form: on one process of the site's image. */
export class JobPreview extends HubWidget {
  constructor(
    hub: IHubContext,
    readonly source: SourceFile
  ) {
    super(hub);
    this.addClass('jp-TrainHub-formTab');
    this.node.dataset.trainhubPreview = source.path;
    const spec: Spec = {
      name: nameFromPath(source.path),
      notebook: source.path
    };
    this.model = new PreviewModel(hub, source, setup =>
      this.model.show({ ...spec, setup })
    );
    this._spec = spec;
  }

  readonly model: PreviewModel;

  dispose(): void {
    if (!this.isDisposed) {
      this.model.dispose();
      this.source.dispose();
    }
    super.dispose();
  }

  protected onFirstSeen(): void {
    this.model.show(this._spec);
  }

  protected renderContent(): JSX.Element {
    return <JobPreviewContent model={this.model} source={this.source} />;
  }

  private readonly _spec: Spec;
}

function JobPreviewContent(props: {
  model: PreviewModel;
  source: SourceFile;
}): JSX.Element {
  const { commands, trans } = useHub();
  const { model, source } = props;
  return (
    <main className="jp-TrainHub-formPage">
      <div className="jp-TrainHub-previewHead">
        <h1>{source.path}</h1>
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          onClick={() =>
            void commands.execute(CommandIDs.openJobForm, {
              notebook: source.path
            })
          }
        >
          {trans.__('Submit as job…')}
        </button>
      </div>
      <PreviewPanel model={model} />
    </main>
  );
}
