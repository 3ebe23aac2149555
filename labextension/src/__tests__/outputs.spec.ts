import {
  MimeModel,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import { OUTPUT, OutputRenderer } from '../outputs/renderer';

const WIDGET = 'application/vnd.jupyter.widget-view+json';

/** A renderer of widgets as Jupyter's: it writes until the kernel has answered. */
class WidgetRenderer extends Widget {
  async renderModel(): Promise<void> {
    this.node.textContent = 'Loading widget...';
    views.push(this);
  }
}

const views: WidgetRenderer[] = [];

async function render(
  open: () => boolean = () => true
): Promise<{ renderer: OutputRenderer; model: MimeModel }> {
  const rendermime = new RenderMimeRegistry({
    initialFactories: standardRendererFactories
  });
  rendermime.addFactory(
    {
      safe: false,
      mimeTypes: [WIDGET],
      createRenderer: () => new WidgetRenderer()
    },
    -10
  );
  const renderer = new OutputRenderer(rendermime, open);
  const model = new MimeModel({
    trusted: true,
    data: {
      [OUTPUT]: {},
      [WIDGET]: { model_id: 'a' },
      'text/html': '<b>kept</b>'
    }
  });
  await renderer.renderModel(model);
  return { renderer, model };
}

const shown = ({ widgets }: OutputRenderer): string =>
  widgets
    .filter(({ isHidden }) => !isHidden)
    .map(({ node }) => node.textContent)
    .join();

const tell = (type: string, detail: object): CustomEvent =>
  new CustomEvent(type, { bubbles: true, cancelable: true, detail });

beforeEach(() => {
  views.length = 0;
});

it('shows what was kept until there is a widget', async () => {
  const { renderer } = await render();
  expect(shown(renderer)).toBe('kept');
  views[0].node.innerHTML = '<div>live</div>';
  await Promise.resolve();
  expect(shown(renderer)).toBe('live');
  renderer.dispose();
});

it('keeps what the widget tells, and leaves the widget as it is', async () => {
  const { renderer, model } = await render();
  views[0].node.innerHTML = '<div>live</div>';
  await Promise.resolve();
  views[0].node.firstChild!.dispatchEvent(
    tell('trainhub:state', { html: '<b>later</b>' })
  );
  expect(model.data['text/html']).toBe('<b>later</b>');
  expect(model.data[WIDGET]).toEqual({ model_id: 'a' });
  await renderer.renderModel(model);
  expect(views).toHaveLength(1);
  expect(shown(renderer)).toBe('live');
});

it.each([true, false])(
  'tells the widget whether it opens things: %s',
  async can => {
    const { renderer } = await render(() => can);
    const event = tell('trainhub:open', { kind: 'job', name: 'a' });
    renderer.node.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(can);
  }
);
