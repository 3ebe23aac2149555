import React, { useEffect, useMemo, useRef, useState } from 'react';
import { useHub } from '../../context';
import { useSignal } from '../../useSignal';
import type { LogModel } from './model';
import { LogSearch } from './search';
import { LogWindow } from './window';

/** Pixels from an end of what is shown within which the reader counts as being there. */
const NEAR_END = 24;

/** How logs are shown. */
export interface ILogLook {
  times: boolean;
  wraps: boolean;
  /** Whether the end is shown as it comes. */
  follows: boolean;
  /** What is searched for; empty for nothing. */
  query: string;
  /** Whether the first line that has it is gone to as soon as it comes. */
  isSought: boolean;
}

interface IProps {
  model: LogModel;
  /** The rank whose lines are shown; all for null. */
  rank: number | null;
  look: ILogLook;
  onFollow: (follows: boolean) => void;
  /** Called when the line that was sought is there, or will not come. */
  onSought: () => void;
  /** What stands in its head beside the search. */
  children?: React.ReactNode;
}

/** The log of one rank or of all, which the reader may scroll and search. */
export function LogPane(props: IProps): JSX.Element {
  const { trans } = useHub();
  const { model, rank, look, onFollow, onSought } = props;
  const { follows, query, isSought } = look;
  useSignal(model.changed);
  const buffer = model.of(rank);
  const scroller = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLPreElement>(null);
  const view = useRef<LogWindow | null>(null);
  const lastTop = useRef(0);
  const [, render] = useState({});
  const search = useMemo(
    () => new LogSearch(buffer),
    // A log that is read anew counts its lines anew.
    [buffer, model.generation]
  );
  search.update(query);

  useEffect(() => {
    view.current = new LogWindow(host.current!, buffer);
  }, [buffer, model.generation]);

  useEffect(() => {
    if (follows && scroller.current) {
      view.current?.toEnd();
      scroller.current.scrollTop = scroller.current.scrollHeight;
    }
    view.current?.mark(search.has, search.current);
  });

  const onScroll = (): void => {
    const node = scroller.current!;
    const top = node.scrollTop;
    const below = node.scrollHeight - top - node.clientHeight;
    if (top < lastTop.current && below >= NEAR_END && follows) {
      // Only the reader scrolls up; lines that come in may move the end away for a moment.
      onFollow(false);
    } else if (below < NEAR_END && top > lastTop.current && !follows) {
      view.current?.later();
      if (view.current?.isAtEnd) {
        onFollow(true);
      }
    }
    if (top < NEAR_END && !follows && view.current?.earlier()) {
      // What the reader looks at stays where it is.
      node.scrollTop =
        top + node.scrollHeight - below - top - node.clientHeight;
    }
    lastTop.current = node.scrollTop;
    view.current?.mark(search.has, search.current);
  };

  const step = (forward: boolean): void => {
    const number = search.step(forward);
    if (number !== null) {
      onFollow(false);
      view.current?.reveal(number)?.scrollIntoView({ block: 'center' });
      lastTop.current = scroller.current?.scrollTop ?? 0;
      render({});
    }
  };

  useEffect(() => {
    const isThere = search.count > 0;
    if (isSought && (isThere || model.state === 'complete')) {
      onSought();
      if (isThere) {
        step(true);
      }
    }
  });

  return (
    <section className="jp-TrainHub-logPane" data-trainhub-rank={rank ?? 'all'}>
      {(props.children || query) && (
        <div className="jp-TrainHub-logPaneBar">
          {props.children}
          {query && <Matches search={search} onStep={step} />}
        </div>
      )}
      <div
        className="jp-TrainHub-logScroller jp-RenderedText"
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-live={follows ? 'polite' : 'off'}
        aria-label={
          rank === null
            ? trans.__('Log of job %1', model.source.job)
            : trans.__('Log of rank %2 of job %1', model.source.job, rank)
        }
        tabIndex={0}
        data-nodes={model.source.nodes}
        data-times={look.times}
        data-wraps={look.wraps}
      >
        {buffer.total === 0 && (
          <p className="jp-TrainHub-empty">
            {model.state === 'complete'
              ? trans.__('Nothing was written.')
              : trans.__('Nothing written yet.')}
          </p>
        )}
        <pre ref={host} />
      </div>
    </section>
  );
}

function Matches(props: {
  search: LogSearch;
  onStep: (forward: boolean) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { count, position } = props.search;
  return (
    <span className="jp-TrainHub-logMatches">
      <span role="status">
        {position
          ? trans.__('Match %1 of %2', position, count)
          : trans._n('%1 line', '%1 lines', count)}
      </span>
      <button
        className="jp-TrainHub-addButton"
        disabled={count === 0}
        onClick={() => props.onStep(false)}
      >
        {trans.__('Previous')}
      </button>
      <button
        className="jp-TrainHub-addButton"
        disabled={count === 0}
        onClick={() => props.onStep(true)}
      >
        {trans.__('Next')}
      </button>
    </span>
  );
}
