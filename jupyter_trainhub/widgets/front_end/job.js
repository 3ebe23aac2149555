import { plain } from './ansi.js';
import { download, rawText } from './download.js';
import { askingButton, button, make, whileShown } from './elements.js';
import { failure, progress, ranks, still } from './facts.js';
import { Head, open, tellPage } from './head.js';
import { LogPane } from './log.js';
import { Refusal, ask, part } from './server.js';
import { openTensorBoard } from './tensorboard.js';
import { say } from './words.js';

/** Milliseconds without a sign of life after which the kernel counts as lost; it gives one each 3 s. */
const LOST = 10_000;

/** Milliseconds between two looks at the server in the kernel's place. */
const POLL = 3_000;

/** Lines asked of the server, of all ranks together. */
const LINES = 20_000;

/** The last lines that stay in the notebook. */
const KEPT = 200;

const GONE = () => say('It is no longer there; this is how it was seen last.');

/**
 * A job. The kernel tells how it stands and what it writes. When the kernel is gone, or when more
 * lines are wanted than it sent, the server is asked every few seconds. It is not streamed from,
 * for a browser holds six connections to a server, and JupyterLab needs them.
 *
 * @param {{model: import('./head.js').Model, el: HTMLElement, signal: AbortSignal}} context
 */
export function renderJob({ model, el, signal }) {
  const name = model.get('name');
  const route = `jobs/${part(name)}`;
  /** @type {import('./head.js').View} */
  let view = model.get('view');
  let seen = performance.now();
  let isServed = false;
  let isLost = false;
  // Whether the log was read after the job had ended.
  let isWhole = false;
  let text = '';

  /** @type {HTMLButtonElement} */
  const stop = askingButton(say('Stop'), say('Stop it?'), async () => {
    if (await isReplaced()) {
      head.note(GONE());
      stop.hidden = true;
      return;
    }
    const stopped = await head.act(
      'PATCH',
      route,
      { state: 'stopped' },
      'stop'
    );
    if (stopped) {
      show(stopped);
    }
  });
  /** @type {Head} */
  const head = new Head(model, [
    stop,
    button(say('Open'), () =>
      open(
        el,
        { kind: 'job', name },
        `lab?trainhub-job=${encodeURIComponent(name)}`
      )
    ),
    button(say('TensorBoard'), () => openTensorBoard(el, head, name))
  ]);
  const details = make('div');
  /** @type {LogPane} */
  const log = new LogPane({
    rank: model.get('rank'),
    download: rank => download(name, rank, log),
    readAll: () => {
      isServed = true;
      isWhole = false;
    }
  });
  el.append(
    make('div', { class: 'trainhub' }, head.element, details, log.element)
  );

  /**
   * Whether the name is another job's by now: a notebook may be old. The attempts at a job have one
   * run, and objects of their own.
   *
   * @param {import('./head.js').View} now
   */
  const isOther = now => Boolean(view.run) && now.run !== view.run;
  const isReplaced = async () => {
    try {
      return isOther(await (await ask('GET', route)).json());
    } catch {
      return false;
    }
  };
  /** @param {import('./head.js').View} now */
  const show = now => {
    const isNews = now.phase !== view.phase;
    // The server's answer has more than what is shown; what it lacks is the kernel's.
    view = { ...view, ...now, over: now.over ?? isOver(now) };
    head.update(view);
    stop.hidden = view.over;
    const isOpen = details.querySelector('details')?.open ?? false;
    details.replaceChildren(
      ...progress(view),
      ...failure(view),
      ...ranks(view)
    );
    details.querySelector('details')?.toggleAttribute('open', isOpen);
    if (isNews) {
      keep();
    }
  };
  const keep = () => {
    const lines = log.ring.of(null).slice(-KEPT).map(rawText);
    tellPage(el, 'trainhub:state', {
      html: still(view, lines.map(plain), log.ring.next)
    });
  };
  const poll = async () => {
    const now = await (await ask('GET', route)).json();
    if (isOther(now)) {
      throw new Refusal('', 'NotFound');
    }
    show(now);
    const tail = Math.ceil(LINES / Math.max(1, view.nodes));
    const latest = await (
      await ask('GET', `${route}/logs?tail=${tail}`)
    ).text();
    // Whoever reads further up is left alone.
    if (latest !== text && !log.isPaused) {
      text = latest;
      const lines = latest ? latest.replace(/\n$/, '').split('\n') : [];
      log.replace(
        lines.length < tail ? 0 : Math.max(0, log.ring.next - lines.length),
        lines
      );
    }
    const isNews = !view.over && isLost;
    head.note(
      isNews
        ? say(
            'The kernel tells no more of it; it is asked of the server every few seconds.'
          )
        : ''
    );
    keep();
    isWhole = view.over && latest === text;
  };
  const look = async () => {
    const isSilent = performance.now() - seen > LOST;
    isLost ||= model.get('following') ? isSilent : !view.over;
    isServed ||= isLost;
    if (!isServed || isWhole) {
      return POLL;
    }
    try {
      await poll();
      return POLL;
    } catch (error) {
      const { isAnswer, message, reason } = /** @type {Refusal} */ (error);
      head.note(
        reason === 'NotFound'
          ? GONE()
          : isAnswer
            ? message
            : say(
                'This is the last state known: the kernel tells no more of it.'
              )
      );
      return reason === 'NotFound' ? 0 : LOST;
    }
  };

  /** @param {{first: number, lines: string[]}} message */
  const hear = ({ first, lines }) => {
    seen = performance.now();
    if (!isServed) {
      log.push(first, lines);
    }
  };
  const hearView = () => show(model.get('view'));
  const hearProblem = () => head.note(model.get('problem'));
  const hearEnd = () => {
    if (!model.get('following')) {
      keep();
    }
  };
  model.on('msg:custom', hear);
  model.on('change:view', hearView);
  model.on('change:problem', hearProblem);
  model.on('change:following', hearEnd);
  signal.addEventListener('abort', () => {
    model.off('msg:custom', hear);
    model.off('change:view', hearView);
    model.off('change:problem', hearProblem);
    model.off('change:following', hearEnd);
    log.dispose();
  });

  show(view);
  hearProblem();
  const tail = model.get('tail');
  log.push(model.get('total') - tail.length, tail);
  whileShown(el, look, signal);
}

/** @param {import('./head.js').View} view */
function isOver({ phase, restart }) {
  return (
    ['Succeeded', 'Failed', 'Stopped'].includes(phase) && restart !== 'waiting'
  );
}
