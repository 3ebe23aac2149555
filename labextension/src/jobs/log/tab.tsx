import { closeIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useMemo, useRef, useState } from 'react';
import { useHub } from '../../context';
import { useSignal } from '../../useSignal';
import { useTarget } from '../page/target';
import { isOver, type IJob } from '../views';
import { LogBar, type LogView } from './bar';
import { LogModel, type ILogSource } from './model';
import { LogPane, type ILogLook } from './pane';

/** Panes with which a view of several ranks begins. */
const PANES = 4;

/** What a job has written, and writes. */
export function JobLogTab({ job }: { job: IJob }): JSX.Element {
  const { api, store } = useHub();
  const { name, uid, nodes, phase, attempt } = job;
  const [source, setSource] = useState<
    Pick<ILogSource, 'attempt' | 'previous'>
  >({ attempt: null, previous: false });
  const model = useMemo(
    () =>
      new LogModel(api, { job: name, nodes, ...source }, () => {
        const now = store.get('job', name);
        return (
          !now ||
          now.uid !== uid ||
          isOver(now) ||
          source.previous ||
          source.attempt !== null
        );
      }),
    [api, store, name, uid, nodes, source]
  );
  useSignal(model.changed);
  useEffect(() => () => model.dispose(), [model]);
  useEffect(() => {
    // Before any pod runs there is nothing to read; each change of phase is worth a new attempt.
    if ((phase !== 'Pending' && phase !== 'Suspended') || attempt > 1) {
      model.start();
    }
  }, [model, phase, attempt]);
  const [view, setView] = useState<LogView>('all');
  const [look, setLook] = useState<ILogLook>({
    times: false,
    wraps: true,
    follows: true,
    query: '',
    isSought: false
  });
  const target = useTarget('log');
  const change = (changed: Partial<ILogLook>): void =>
    setLook(look => ({ ...look, ...changed }));
  useEffect(() => {
    if (!target) {
      return;
    }
    const { rank, attempt: asked, find } = target;
    setView(rank ?? 'all');
    const wanted = asked === attempt ? null : asked;
    if (
      wanted !== undefined &&
      (source.previous || source.attempt !== wanted)
    ) {
      setSource({ attempt: wanted, previous: false });
    }
    if (find) {
      change({ query: find, follows: true, isSought: true });
    }
  }, [target]);
  const pane = {
    model,
    look,
    onFollow: (follows: boolean) => change({ follows }),
    onSought: () => change({ isSought: false })
  };
  return (
    <div className="jp-TrainHub-log" data-trainhub-log={model.state}>
      <LogBar
        job={job}
        model={model}
        view={view}
        onView={setView}
        onSource={changed => setSource(source => ({ ...source, ...changed }))}
        look={look}
        onLook={change}
      />
      {view === 'beside' ? (
        <Panes nodes={nodes} {...pane} />
      ) : (
        <LogPane rank={view === 'all' ? null : view} {...pane} />
      )}
    </div>
  );
}

type IPane = Omit<React.ComponentProps<typeof LogPane>, 'rank' | 'children'>;

/** Several ranks beside each other; which ones can be chosen. */
function Panes({ nodes, ...pane }: IPane & { nodes: number }): JSX.Element {
  const { trans } = useHub();
  // Panes keep their place when another one is closed.
  const next = useRef(Math.min(nodes, PANES));
  const [panes, setPanes] = useState(() =>
    Array.from({ length: next.current }, (_, rank) => ({ id: rank, rank }))
  );
  const shown = new Set(panes.map(({ rank }) => rank));
  const free = Array.from({ length: nodes }, (_, rank) => rank).find(
    rank => !shown.has(rank)
  );
  return (
    <div className="jp-TrainHub-logPanes">
      {panes.map(({ id, rank }) => (
        <LogPane key={id} rank={rank} {...pane}>
          <select
            className="jp-TrainHub-select"
            value={rank}
            aria-label={trans.__('Rank')}
            onChange={({ target }) =>
              setPanes(
                panes.map(other =>
                  other.id === id ? { id, rank: Number(target.value) } : other
                )
              )
            }
          >
            {Array.from({ length: nodes }, (_, other) => (
              <option key={other} value={other}>
                {trans.__('Rank %1', other)}
              </option>
            ))}
          </select>
          <button
            className="jp-TrainHub-iconButton"
            aria-label={trans.__('Close rank %1', rank)}
            title={trans.__('Close rank %1', rank)}
            disabled={panes.length === 1}
            onClick={() => setPanes(panes.filter(other => other.id !== id))}
          >
            <closeIcon.react tag="span" aria-hidden="true" />
          </button>
        </LogPane>
      ))}
      {free !== undefined && (
        <button
          className="jp-TrainHub-addButton jp-TrainHub-logAddPane"
          onClick={() =>
            setPanes([...panes, { id: next.current++, rank: free }])
          }
        >
          {trans.__('Add rank %1', free)}
        </button>
      )}
    </div>
  );
}
