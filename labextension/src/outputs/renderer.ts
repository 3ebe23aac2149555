import type { Notebook } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';
import { Panel } from '@lumino/widgets';

type Rendermime = Notebook['rendermime'];
type Renderer = ReturnType<Rendermime['createRenderer']>;
type MimeModel = Parameters<Renderer['renderModel']>[0];

/** Marks an output of one of our widgets; see `jupyter_trainhub/widgets/served.py`. */
export const OUTPUT = 'application/vnd.trainhub.output+json';

const WIDGET = 'application/vnd.jupyter.widget-view+json';
const HTML = 'text/html';

/** What a widget's front end asks of the page that it is in. */
export interface IWanted {
  kind: 'job' | 'instance' | 'tensorboard';
  name?: string;
  id?: string;
  folders?: string[];
}

/**
 * A widget while there is one, else the HTML beside it. Jupyter's own renderer shows an error where
 * the kernel is gone and widgets were not saved, though the output has more to show.
 */
export class OutputRenderer extends Panel {
  /**
   * @param _rendermime - what renders the widget and the HTML
   * @param _open - opens what a widget wants to be seen; returns whether it can
   */
  constructor(
    private readonly _rendermime: Rendermime,
    private readonly _open: (wanted: IWanted) => boolean
  ) {
    super();
    this.node.addEventListener('trainhub:open', this);
    this.node.addEventListener('trainhub:state', this);
  }

  async renderModel(model: MimeModel): Promise<void> {
    this._model = model;
    const id = (model.data[WIDGET] as JSONObject | undefined)?.model_id;
    if (id !== this._id || !this._still) {
      this._id = id;
      this._build(model);
    }
    // What is shown live stays as it is: only the HTML has changed.
    await this._still?.renderModel(model);
  }

  handleEvent(event: Event): void {
    const { detail } = event as CustomEvent;
    if (event.type === 'trainhub:open') {
      if (this._open(detail as IWanted)) {
        event.preventDefault();
      }
      return;
    }
    const { html } = detail as { html: string };
    if (this._model && this._model.data[HTML] !== html) {
      this._model.setData({ data: { ...this._model.data, [HTML]: html } });
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._observer.disconnect();
      super.dispose();
    }
  }

  private _build(model: MimeModel): void {
    this._observer.disconnect();
    this.widgets.slice().forEach(widget => widget.dispose());
    const still = (this._still = this._rendermime.createRenderer(HTML));
    this.addWidget(still);
    if (
      this._id === undefined ||
      !this._rendermime.mimeTypes.includes(WIDGET)
    ) {
      return;
    }
    const live = this._rendermime.createRenderer(WIDGET);
    live.hide();
    this.addWidget(live);
    // It says nothing of what became of it; a widget is an element, all else that it shows is text.
    this._observer = new MutationObserver(() => {
      const isLive = live.node.firstElementChild !== null;
      live.setHidden(!isLive);
      still.setHidden(isLive);
    });
    this._observer.observe(live.node, { childList: true });
    // It waits for the kernel, perhaps for ever.
    void live.renderModel(model);
  }

  private _observer = new MutationObserver(() => undefined);
  private _still: Renderer | null = null;
  private _model: MimeModel | null = null;
  private _id: unknown;
}
