import { downloadIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { describeError } from '../../api';
import { useHub } from '../../context';
import { useSignal } from '../../useSignal';
import type { IJob } from '../views';
import type { ILogSource, LogModel } from './model';
import type { ILogLook } from './pane';

/** What is shown: all ranks in one, one rank, or several beside each other. */
export type LogView = 'all' | 'beside' | number;

interface IProps {
  job: IJob;
  model: LogModel;
  view: LogView;
  onView: (view: LogView) => void;
  onSource: (source: Partial<ILogSource>) => void;
  look: ILogLook;
  onLook: (look: Partial<ILogLook>) => void;
}

/** What can be chosen about the log of a job. */
export function LogBar(props: IProps): JSX.Element {
  const { api, trans } = useHub();
  const { job, model, view, look, onLook, onSource } = props;
  const { source } = model;
  const attempts = Array.from({ length: job.attempt }, (_, index) => index + 1);
  const pods = [...job.pods, ...job.earlier.flatMap(({ pods }) => pods)];
  const rank = typeof view === 'number' ? view : null;
  return (
    <div className="jp-TrainHub-logBar">
      {job.nodes > 1 && <ViewChoice {...props} />}
      {attempts.length > 1 && (
        <label>
          {trans.__('Attempt')}{' '}
          <select
            className="jp-TrainHub-select"
            value={source.attempt ?? job.attempt}
            onChange={({ target }) => {
              const attempt = Number(target.value);
              onSource({ attempt: attempt === job.attempt ? null : attempt });
            }}
          >
            {attempts.map(attempt => (
              <option key={attempt}>{attempt}</option>
            ))}
          </select>
        </label>
      )}
      {pods.some(({ previous }) => previous) && (
        <Toggle
          label={trans.__('Previous container')}
          value={source.previous}
          onChange={previous => onSource({ previous })}
        />
      )}
      <input
        className="jp-mod-styled jp-TrainHub-logSearch"
        type="search"
        value={look.query}
        placeholder={trans.__('Search')}
        aria-label={trans.__('Search the log')}
        onChange={({ target }) => onLook({ query: target.value })}
      />
      <Toggle
        label={trans.__('Times')}
        value={look.times}
        onChange={times => onLook({ times })}
      />
      <Toggle
        label={trans.__('Wrap')}
        value={look.wraps}
        onChange={wraps => onLook({ wraps })}
      />
      <Toggle
        label={trans.__('Follow')}
        value={look.follows}
        onChange={follows => onLook({ follows })}
      />
      <LogStatus model={model} />
      <a
        className="jp-TrainHub-iconButton"
        href={api.jobs.logAddress(source, rank, look.times)}
        download
        aria-label={trans.__('Download log')}
        title={trans.__('Download the whole log')}
      >
        <downloadIcon.react tag="span" aria-hidden="true" />
      </a>
    </div>
  );
}

function ViewChoice({ job, view, onView }: IProps): JSX.Element {
  const { trans } = useHub();
  return (
    <label>
      {trans.__('Show')}{' '}
      <select
        className="jp-TrainHub-select"
        value={view}
        onChange={({ target: { value } }) =>
          onView(value === 'all' || value === 'beside' ? value : Number(value))
        }
      >
        <option value="all">{trans.__('All ranks')}</option>
        <option value="beside">{trans.__('Side by side')}</option>
        {Array.from({ length: job.nodes }, (_, rank) => (
          <option key={rank} value={rank}>
            {trans.__('Rank %1', rank)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Toggle(props: {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
}): JSX.Element {
  return (
    <label>
      <input
        type="checkbox"
        checked={props.value}
        onChange={({ target }) => props.onChange(target.checked)}
      />{' '}
      {props.label}
    </label>
  );
}

function LogStatus({ model }: { model: LogModel }): JSX.Element {
  const { trans } = useHub();
  useSignal(model.changed);
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
          {trans.__(
            'only the last %1 lines; download it for all',
            buffer.capacity
          )}
        </>
      )}
    </span>
  );
}
