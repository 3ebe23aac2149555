import React, { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { CommandIDs } from '../../commands';
import { useHub, useStore } from '../../context';
import { matchesJob } from '../search';
import { JobSearch } from '../searchBox';
import { isOver, type IJob } from '../views';
import { JobTable } from './table';

/** All jobs: searched, sorted, and several of them stopped, pinned or deleted at once. */
export function JobsPage(): JSX.Element {
  const { trans } = useHub();
  const store = useStore();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const all = store.list('job');
  // What is typed is seen at once; hundreds of rows may follow a moment later.
  const wanted = useDeferredValue(text);
  const found = useMemo(
    () => all.filter(job => matchesJob(job, wanted, trans)),
    [all, wanted, trans]
  );
  const choose = useCallback(
    (names: readonly string[], isChosen: boolean): void =>
      setChosen(before => {
        const after = new Set(before);
        names.forEach(name =>
          isChosen ? after.add(name) : after.delete(name)
        );
        return after;
      }),
    []
  );
  // What the search hides or somebody deletes is not meant by what is pressed.
  const meant = found.filter(({ name }) => chosen.has(name));
  return (
    <main className="jp-TrainHub-jobList">
      <h1 className="jp-TrainHub-hidden">{trans.__('Jobs')}</h1>
      <div className="jp-TrainHub-jobListBar">
        <JobSearch text={text} onChange={setText} />
        <span role="status">
          {found.length < all.length
            ? trans.__('%1 of %2 jobs', found.length, all.length)
            : trans._n('%1 job', '%1 jobs', all.length)}
        </span>
        <Bulk jobs={meant} />
      </div>
      {found.length === 0 ? (
        <p className="jp-TrainHub-empty">
          {!store.isLoaded('job')
            ? (store.problem?.advice ?? trans.__('Fetching…'))
            : all.length === 0
              ? trans.__(
                  'No jobs. Open a notebook and press "Submit as job" in its toolbar.'
                )
              : trans.__('No job has all these words.')}
        </p>
      ) : (
        <JobTable jobs={found} chosen={chosen} onChoose={choose} />
      )}
    </main>
  );
}

/** What can be done to the jobs that are chosen. */
function Bulk({ jobs }: { jobs: readonly IJob[] }): JSX.Element {
  const { commands, trans } = useHub();
  const pinned = jobs.length > 0 && jobs.every(job => job.pinned);
  const button = (
    command: string,
    label: string,
    of: readonly IJob[],
    args: { pinned?: boolean } = {}
  ): JSX.Element => (
    <button
      className="jp-mod-styled"
      disabled={of.length === 0}
      onClick={() =>
        void commands.execute(command, {
          names: of.map(({ name }) => name),
          ...args
        })
      }
    >
      {label}
    </button>
  );
  return (
    <div
      className="jp-TrainHub-jobActions"
      role="group"
      aria-label={trans._n(
        'Actions on %1 chosen job',
        'Actions on %1 chosen jobs',
        jobs.length
      )}
    >
      {jobs.length > 0 && <span>{trans.__('%1 chosen', jobs.length)}</span>}
      {button(
        CommandIDs.stopJob,
        trans.__('Stop'),
        jobs.filter(job => !isOver(job))
      )}
      {button(
        CommandIDs.pinJob,
        pinned ? trans.__('Unpin') : trans.__('Pin'),
        jobs,
        { pinned: !pinned }
      )}
      {button(CommandIDs.deleteJob, trans.__('Delete'), jobs)}
    </div>
  );
}
