import type { ITranslator } from '@jupyterlab/translation';
import {
  PanelWithToolbar,
  SidePanel,
  type ReactWidget
} from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { AccordionPanel } from '@lumino/widgets';
import type { IHubContext } from '../context';

/** The left panel: one collapsible section for each kind. It is filled when it is first seen. */
export class TrainHubPanel extends SidePanel {
  constructor(
    private readonly _hub: IHubContext,
    translator: ITranslator | null
  ) {
    super({ translator: translator ?? undefined });
    this.addClass('jp-TrainHub-panel');
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      void this._fill();
    }
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this._fill();
  }

  private async _fill(): Promise<void> {
    if (this._isFilled) {
      return;
    }
    this._isFilled = true;
    const { panelHeader, panelSections } = await import('./content');
    if (this.isDisposed) {
      return;
    }
    this.header.addWidget(panelHeader(this._hub));
    const sections = panelSections(this._hub);
    for (const { id, label, widget } of sections) {
      this.addWidget(section(id, label, widget));
    }
    (this.content as AccordionPanel).setRelativeSizes(
      sections.map(({ share }) => share)
    );
  }

  private _isFilled = false;
}

function section(
  id: string,
  label: string,
  widget: ReactWidget
): PanelWithToolbar {
  const panel = new PanelWithToolbar();
  panel.addClass('jp-TrainHub-section');
  panel.node.dataset.trainhubSection = id;
  panel.title.label = label;
  panel.addWidget(widget);
  return panel;
}
