import { closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';
import { CommandIDs } from '../commands';
import { useHub, useStore } from '../context';
import { HubWidget } from '../hubWidget';
import { Asked } from '../images/browser/asked';
import { useRequest } from '../useRequest';
import { RunActions } from './actions';
import { Comparison } from './comparison';
import { RunRecord } from './record';
import { RunTable } from './table';
import type { IRun } from './views';

/** A tab with the records of all runs, also of jobs that are gone, and what differs between two. */
export class RunsPage extends HubWidget {
  protected renderContent(): JSX.Element {
    return <RunsContent />;
  }
}

/** What the tab shows. */
export function RunsContent(): JSX.Element {
  const { api, trans } = useHub();
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const [marked, setMarked] = useState<readonly string[]>([]);
  const [compared, setCompared] = useState<readonly string[]>([]);
  const request = useRequest(() => api.runs.list(search), search);
  if (compared.length === 2) {
    return (
      <main className="jp-TrainHub-runsMain">
        <button className="jp-mod-styled" onClick={() => setCompared([])}>
          {trans.__('Back to all runs')}
        </button>
        <h1>{trans.__('%1 and %2', compared[0], compared[1])}</h1>
        <Comparison a={compared[0]} b={compared[1]} />
      </main>
    );
  }
  const mark = (run: string, isMarked: boolean): void => {
    const others = marked.filter(other => other !== run);
    // A third one takes the place of the first.
    setMarked(isMarked ? [...others, run].slice(-2) : others);
  };
  return (
    <main className="jp-TrainHub-volumesColumns" aria-busy={request.isPending}>
      <div className="jp-TrainHub-volumesMain">
        <h1 className="jp-TrainHub-hidden">{trans.__('Runs')}</h1>
        <div className="jp-TrainHub-volumeBar">
          <Search onSearch={setSearch} />
          <button
            className="jp-mod-styled"
            disabled={marked.length < 2}
            title={trans.__('Mark two runs to compare them')}
            onClick={() => setCompared(marked)}
          >
            {trans.__('Compare')}
          </button>
          <button
            className="jp-TrainHub-iconButton"
            aria-label={trans.__('Refresh')}
            title={trans.__('Refresh')}
            onClick={request.again}
          >
            <refreshIcon.react tag="span" aria-hidden="true" />
          </button>
        </div>
        <Asked request={request} wait={trans.__('Fetching…')}>
          {runs =>
            runs.length === 0 ? (
              <p className="jp-TrainHub-empty">
                {search
                  ? trans.__('No run has all these words.')
                  : trans.__(
                      'No runs yet. Each job leaves its code, logs, environment and metrics here.'
                    )}
              </p>
            ) : (
              <RunTable
                runs={runs}
                chosen={chosen}
                marked={marked}
                onChoose={setChosen}
                onMark={mark}
              />
            )
          }
        </Asked>
      </div>
      {chosen !== null && (
        <Details
          key={chosen}
          name={chosen}
          onClose={() => setChosen(null)}
          onChanged={request.again}
        />
      )}
    </main>
  );
}

function Search(props: { onSearch: (text: string) => void }): JSX.Element {
  const { trans } = useHub();
  const [text, setText] = useState('');
  const label = trans.__('Search runs');
  return (
    <form
      role="search"
      className="jp-TrainHub-runSearch"
      onSubmit={event => {
        event.preventDefault();
        props.onSearch(text.trim());
      }}
    >
      <input
        type="search"
        className="jp-mod-styled jp-TrainHub-filter"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          if (!target.value) {
            props.onSearch('');
          }
        }}
      />
      <button className="jp-mod-styled">{trans.__('Search')}</button>
    </form>
  );
}

function Details(props: {
  name: string;
  onClose: () => void;
  onChanged: () => void;
}): JSX.Element {
  const { api, trans } = useHub();
  const { name, onClose, onChanged } = props;
  const request = useRequest(() => api.runs.get(name), name);
  return (
    <aside
      className="jp-TrainHub-volumesDetails"
      aria-label={trans.__('About run %1', name)}
    >
      <button
        className="jp-TrainHub-iconButton"
        aria-label={trans.__('Close')}
        title={trans.__('Close')}
        onClick={onClose}
      >
        <closeIcon.react tag="span" aria-hidden="true" />
      </button>
      <Asked request={request} wait={trans.__('Fetching…')}>
        {run => (
          <>
            <Actions
              run={run}
              onPinned={() => {
                request.again();
                onChanged();
              }}
              onDeleted={() => {
                onClose();
                onChanged();
              }}
            />
            <RunRecord run={run} />
          </>
        )}
      </Asked>
    </aside>
  );
}

function Actions(props: {
  run: IRun;
  onPinned: () => void;
  onDeleted: () => void;
}): JSX.Element {
  const hub = useHub();
  const store = useStore();
  const { commands, trans } = hub;
  const { run } = props;
  const actions = new RunActions(hub);
  const job = store.get('job', run.job);
  const button = (label: string, act: () => unknown): JSX.Element => (
    <button className="jp-mod-styled" onClick={() => void act()}>
      {label}
    </button>
  );
  return (
    <div className="jp-TrainHub-jobActions">
      {job?.run === run.run &&
        button(trans.__('Show job'), () =>
          commands.execute(CommandIDs.openJob, { name: run.job })
        )}
      {button(trans.__('Submit again'), () => actions.submit(run))}
      {button(
        run.pinned ? trans.__('Unpin') : trans.__('Pin'),
        async () => (await actions.pin(run)) && props.onPinned()
      )}
      {button(trans.__('Export…'), () => actions.export(run))}
      {button(
        trans.__('Delete…'),
        async () => (await actions.delete(run)) && props.onDeleted()
      )}
    </div>
  );
}
