import { downloadIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useRef, useState } from 'react';
import { describeError } from '../../api';
import { useHub } from '../../context';
import { useSignal } from '../../useSignal';
import type { LogModel } from './model';
import { fraction } from './progress';
import { LogRenderer } from './renderer';

/** Pixels from the end of the log within which it counts as scrolled to its end. */
const NEAR_END = 24;

/** The live log of a job: followed until the reader scrolls up, by rank or all together. */
export function LogView({ model }: { model: LogModel }): JSX.Element {
  const { trans } = useHub();
  const [rank, setRank] = useState<number | null>(null);
  const [follows, setFollows] = useState(true);
  const scroller = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLPreElement>(null);
  const renderer = useRef<LogRenderer | null>(null);
  const lastTop = useRef(0);
  useSignal(model.changed);

  useEffect(() => {
    const current = new LogRenderer(host.current!);
    current.reset(rank);
    current.append(model.buffer);
    renderer.current = current;
  }, [model, model.generation, rank]);

  useEffect(() => {
    renderer.current?.append(model.buffer);
    if (!follows) {
      return;
    }
    const scrollToEnd = (): void => {
      if (scroller.current) {
        scroller.current.scrollTop = scroller.current.scrollHeight;
      }
    };
    scrollToEnd();
    // Lines take their true height only once they are in sight.
    const frame = requestAnimationFrame(scrollToEnd);
    return () => cancelAnimationFrame(frame);
  });

  const onScroll = (): void => {
    const { scrollHeight, scrollTop, clientHeight } = scroller.current!;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    // Only the reader scrolls up; lines that come in may move the end away for a moment.
    if (scrollTop < lastTop.current && !isAtEnd) {
      setFollows(false);
    } else if (isAtEnd) {
      setFollows(true);
    }
    lastTop.current = scrollTop;
  };

  return (
    <div className="jp-TrainHub-log" data-trainhub-log={model.state}>
      <div className="jp-TrainHub-logBar">
        <label>
          {trans.__('Rank')}{' '}
          <select
            className="jp-TrainHub-select"
            value={rank ?? 'all'}
            onChange={({ target }) =>
              setRank(target.value === 'all' ? null : Number(target.value))
            }
          >
            <option value="all">{trans.__('All')}</option>
            {model.ranks.map(known => (
              <option key={known} value={known}>
                {known}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={follows}
            onChange={({ target }) => setFollows(target.checked)}
          />{' '}
          {trans.__('Follow')}
        </label>
        <LogStatus model={model} />
        <button
          className="jp-TrainHub-iconButton"
          aria-label={trans.__('Download log')}
          title={trans.__('Download the lines shown here')}
          onClick={() => download(model, rank)}
        >
          <downloadIcon.react tag="span" aria-hidden="true" />
        </button>
      </div>
      <LogProgress model={model} />
      <div
        className="jp-TrainHub-logScroller jp-RenderedText"
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-label={trans.__('Log of job %1', model.job)}
        tabIndex={0}
      >
        {model.buffer.total === 0 && (
          <p className="jp-TrainHub-empty">
            {model.state === 'complete'
              ? trans.__('The job has written nothing.')
              : trans.__('Nothing written yet.')}
          </p>
        )}
        <pre ref={host} />
      </div>
    </div>
  );
}

function LogStatus({ model }: { model: LogModel }): JSX.Element {
  const { trans } = useHub();
  const { state, problem, buffer } = model;
  const texts = {
    following: trans.__('Live'),
    reconnecting: problem
      ? trans.__('Connecting again: %1', describeError(problem))
      : trans.__('Waiting for output'),
    complete: trans.__('Complete')
  };
  return (
    <span className="jp-TrainHub-logState" role="status">
      {texts[state]}
      {buffer.dropped > 0 && (
        <>
          {' · '}
          {trans.__('only the last %1 lines', buffer.capacity)}
        </>
      )}
    </span>
  );
}

function LogProgress({ model }: { model: LogModel }): JSX.Element | null {
  const { trans } = useHub();
  const { progress } = model;
  if (!progress) {
    return null;
  }
  const { epoch, step } = progress;
  const text = [
    epoch && trans.__('Epoch %1 of %2', epoch.done, epoch.total),
    step && trans.__('Step %1 of %2', step.done, step.total)
  ]
    .filter(Boolean)
    .join(' · ');
  return (
    <div className="jp-TrainHub-logProgress">
      <progress
        className="jp-TrainHub-progress"
        value={fraction(progress)}
        max={1}
        aria-label={trans.__('Progress')}
        aria-valuetext={text}
      />
      <span>{text}</span>
    </div>
  );
}

function download(model: LogModel, rank: number | null): void {
  const text: string[] = [];
  for (const line of model.buffer.from(0)) {
    if (rank === null) {
      text.push(`${line.rank === null ? '' : `[${line.rank}] `}${line.text}\n`);
    } else if (line.rank === rank) {
      text.push(`${line.text}\n`);
    }
  }
  const address = URL.createObjectURL(new Blob(text, { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${model.job}${rank === null ? '' : `-${rank}`}.log`;
  link.click();
  URL.revokeObjectURL(address);
}
