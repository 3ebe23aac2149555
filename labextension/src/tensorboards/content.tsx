import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React, { useCallback, useEffect } from 'react';
import { useHub, useStore } from '../context';
import { Frame } from '../frame';
import { Splash } from '../splash';
import { useRequest } from '../useRequest';
import { useSignal } from '../useSignal';
import { asSentence, joinSentences } from '../sentence';
import type { TensorBoardModel } from './model';
import type { TabState } from './state';
import { labelOf } from './target';
import type { TensorBoardView } from './view';

/** The states in which there is a frame, be it behind something else. */
const FRAMED: readonly TabState[] = ['starting', 'waiting', 'running', 'away'];

/** A TensorBoard, or why there is none, with what is worth knowing above. */
export function TensorBoardContent(props: {
  view: TensorBoardView;
}): JSX.Element {
  const { model, keeper } = props.view;
  const { trans } = useHub();
  useStore();
  useSignal(model.changed);
  useSignal(keeper.changed);
  const { state, view } = model;
  const { isReady } = keeper;
  const framed = React.useRef(false);
  // What was asked for may change nothing; what has stopped is loaded anew when it runs again, for
  // TensorBoard's page has found no server meanwhile.
  framed.current =
    FRAMED.includes(state) || (framed.current && state === 'asking');
  const isCovered = state !== 'running' && state !== 'away';
  useEffect(() => {
    if (state === 'starting' && isReady) {
      // What answers has started; the server may tell a moment later.
      void model.look();
    } else if (state === 'running' && isReady === false) {
      keeper.retry();
    }
  }, [state, isReady]);
  return (
    <div className="jp-TrainHub-tensorboard" data-trainhub-state={state}>
      <Notices model={model} />
      <div
        className="jp-TrainHub-tensorboardStage"
        data-covered={isCovered || undefined}
      >
        {framed.current && view?.url && (
          <TensorBoardFrame
            key={`${view.url} ${keeper.key}`}
            view={props.view}
            url={view.url}
            title={trans.__('TensorBoard on %1', view.folders.join(', '))}
          />
        )}
        {isCovered && <Cover view={props.view} />}
      </div>
    </div>
  );
}

function TensorBoardFrame(props: {
  view: TensorBoardView;
  url: string;
  title: string;
}): JSX.Element {
  const { api } = useHub();
  const { keeper } = props.view;
  const address = api.address(props.url);
  const attach = useCallback(
    (frame: HTMLIFrameElement | null) => keeper.attach(frame, address),
    [keeper, address]
  );
  return (
    <Frame
      frameRef={attach}
      title={props.title}
      onLoad={() => keeper.loaded()}
      // What is opened in a window of its own is no part of JupyterLab's page.
      permissions="allow-popups-to-escape-sandbox"
    />
  );
}

/** What is worth knowing of a TensorBoard that works; each can be put away. */
function Notices({ model }: { model: TensorBoardModel }): JSX.Element {
  const { store, trans } = useHub();
  const away =
    model.state === 'away'
      ? joinSentences([
          trans.__('The cluster cannot be asked at the moment.'),
          store.tensorboardProblem && asSentence(store.tensorboardProblem)
        ])
      : null;
  return (
    <div role="status">
      {away && <div className="jp-TrainHub-notice">{away}</div>}
      {model.notes.map(({ id, message }) => (
        <div key={id} className="jp-TrainHub-notice" data-trainhub-note={id}>
          <span>{asSentence(message)}</span>
          <button
            className="jp-TrainHub-iconButton"
            aria-label={trans.__('Dismiss')}
            title={trans.__('Dismiss')}
            onClick={() => model.dismiss(id)}
          >
            <closeIcon.react tag="span" aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}

/** What is shown instead of a TensorBoard that cannot be seen yet, or any more. */
function Cover({ view: tab }: { view: TensorBoardView }): JSX.Element {
  const { trans } = useHub();
  const { model } = tab;
  const { state, view, problem } = model;
  const name = view?.name || labelOf(model.target);
  const texts = coverTexts(state, name, trans);
  const close = (): void => tab.parent?.dispose();
  const message = problem
    ? problem.advice
    : state === 'waiting'
      ? trans.__(
          'No event files yet in %1. It will show them when training writes some.',
          view?.folders.join(', ')
        )
      : state === 'gone'
        ? trans.__('The logs that it showed are kept.')
        : joinSentences([
            view?.message && asSentence(view.message),
            view?.remedy
          ]);
  const isBusy = state === 'asking' || state === 'starting';
  return (
    <Splash
      title={texts.title}
      phase={texts.phase}
      busy={isBusy || state === 'waiting'}
      message={message || view?.folders.join(', ') || name}
      body={state === 'failed' && view && <LogTail id={view.id} />}
    >
      {texts.action && (
        <button
          className="jp-mod-styled jp-mod-accept"
          onClick={() => void (view ? model.start() : model.open())}
        >
          {texts.action}
        </button>
      )}
      {state === 'waiting' && (
        <button className="jp-mod-styled" onClick={() => model.showAnyway()}>
          {trans.__('Show anyway')}
        </button>
      )}
      {isBusy && (
        <button
          className="jp-mod-styled"
          onClick={() => {
            void model.stop();
            close();
          }}
        >
          {trans.__('Cancel')}
        </button>
      )}
      {(state === 'gone' || state === 'refused') && (
        <button className="jp-mod-styled" onClick={close}>
          {trans.__('Close tab')}
        </button>
      )}
    </Splash>
  );
}

/** The words of a state, the phase as which it looks, and what can be done about it. */
function coverTexts(
  state: TabState,
  name: string,
  trans: TranslationBundle
): { title: string; phase: string; action?: string } {
  switch (state) {
    case 'waiting':
      return { title: trans.__('Waiting for logs…'), phase: 'Starting' };
    case 'stopped':
      return {
        title: trans.__('TensorBoard has stopped'),
        phase: 'Stopped',
        action: trans.__('Start again')
      };
    case 'gone':
      return {
        title: trans.__('TensorBoard %1 was deleted', name),
        phase: 'Stopped',
        action: trans.__('Start again')
      };
    case 'failed':
    case 'refused':
      return {
        title: trans.__('TensorBoard did not start'),
        phase: 'Failed',
        action: trans.__('Retry')
      };
    default:
      return { title: trans.__('Starting TensorBoard…'), phase: 'Starting' };
  }
}

/** The end of what a TensorBoard has written. */
export function LogTail({ id }: { id: string }): JSX.Element {
  const { api, trans } = useHub();
  const log = useRequest(() => api.tensorboards.log(id), id);
  return (
    <pre
      className="jp-TrainHub-tensorboardLog"
      tabIndex={0}
      aria-label={trans.__('Log of the TensorBoard')}
      // The end is what tells.
      ref={node => node?.scrollTo?.(0, node.scrollHeight)}
    >
      {log.problem ??
        (log.isPending && log.value === null
          ? trans.__('Fetching…')
          : log.value || trans.__('It has written nothing.'))}
    </pre>
  );
}
