import React, { useEffect, useState } from 'react';
import { CommandIDs } from '../commands';
import { useHub, useNow, useStore, type IHubContext } from '../context';
import { formatDuration, secondsBetween } from '../duration';
import { EventsTable } from '../eventsTable';
import { HubWidget } from '../hubWidget';
import { PhaseLabel } from '../phase';
import { Splash } from '../splash';
import { Tabs, type ITabItem } from '../tabs';
import { isFinished, type IJob } from '../views';
import { RawDetails, whyText } from '../why';
import { LogModel } from './log/model';
import { LogView } from './log/view';
import { PodTable } from './pods';

/** A tab about one job: how it stands, its pods, log, events and spec. */
export class JobPage extends HubWidget {
  constructor(
    hub: IHubContext,
    readonly name: string
  ) {
    super(hub);
    this.addClass('jp-TrainHub-jobPage');
    this.node.dataset.trainhubJob = name;
  }

  dispose(): void {
    this._log?.dispose();
    super.dispose();
  }

  protected renderContent(): JSX.Element {
    return <JobContent name={this.name} logOf={job => this._logOf(job)} />;
  }

  /** The log outlives what shows it; a job made anew under the same name has a log of its own. */
  private _logOf({ name, uid }: IJob): LogModel {
    if (!this._log || this._logUid !== uid) {
      this._log?.dispose();
      const { api, store } = this.hub;
      this._log = new LogModel(api, name, () => {
        const job = store.get('job', name);
        return !job || job.uid !== uid || isFinished(job.phase);
      });
      this._logUid = uid;
    }
    return this._log;
  }

  private _log: LogModel | null = null;
  private _logUid = '';
}

function JobContent(props: {
  name: string;
  logOf: (job: IJob) => LogModel;
}): JSX.Element {
  const { trans } = useHub();
  const store = useStore();
  const job = store.get('job', props.name);
  if (!job) {
    const loaded = store.isLoaded('job');
    return (
      <Splash
        title={props.name}
        busy={!loaded && !store.problem}
        message={
          store.problem?.advice ??
          (loaded
            ? trans.__('There is no job of this name any more.')
            : trans.__('Looking for the job…'))
        }
      />
    );
  }
  return (
    <article className="jp-TrainHub-job" data-trainhub-phase={job.phase}>
      <JobHeader job={job} />
      <PodTable pods={job.pods} />
      <JobTabs job={job} log={props.logOf(job)} />
    </article>
  );
}

function JobHeader({ job }: { job: IJob }): JSX.Element {
  const { commands, trans } = useHub();
  const { name } = job;
  const isFine = job.phase === 'Succeeded' && !job.message;
  const why = isFine ? '' : whyText(job);
  const button = (command: string, label: string, enabled = true) => (
    <button
      className="jp-mod-styled"
      disabled={!enabled}
      onClick={() => void commands.execute(command, { name })}
    >
      {label}
    </button>
  );
  return (
    <header className="jp-TrainHub-jobHeader">
      <div className="jp-TrainHub-jobTitle">
        <h1>{name}</h1>
        <span role="status">
          <PhaseLabel phase={job.phase} />
        </span>
        <div className="jp-TrainHub-jobActions">
          {button(
            CommandIDs.stopJob,
            trans.__('Stop'),
            !isFinished(job.phase) && job.phase !== 'Stopping'
          )}
          {button(CommandIDs.cloneJob, trans.__('Clone'))}
          {button(CommandIDs.deleteJob, trans.__('Delete'))}
        </div>
      </div>
      {why && (
        <p className="jp-TrainHub-jobMessage" data-phase={job.phase}>
          {why}
        </p>
      )}
      <RawDetails details={job.details} />
      <JobFacts job={job} />
    </header>
  );
}

function JobFacts({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const now = useNow(1_000);
  const { created, started, finished, nodes, framework } = job;
  const facts: [string, string][] = [
    [trans.__('Framework'), framework],
    [trans.__('Nodes'), String(nodes)]
  ];
  if (created) {
    facts.push([trans.__('Created'), localTime(created)]);
  }
  if (started) {
    facts.push([trans.__('Started'), localTime(started)]);
    facts.push([
      finished ? trans.__('Ran for') : trans.__('Running for'),
      formatDuration(secondsBetween(started, finished ?? now), trans)
    ]);
  }
  if (finished) {
    facts.push([trans.__('Finished'), localTime(finished)]);
  }
  return (
    <dl className="jp-TrainHub-facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

type Tab = 'log' | 'events' | 'spec';

function JobTabs({ job, log }: { job: IJob; log: LogModel }): JSX.Element {
  const { trans } = useHub();
  const [tab, setTab] = useState<Tab>('log');
  useEffect(() => {
    // Before any pod runs there is nothing to read; each change of phase is worth a new attempt.
    if (job.phase !== 'Pending' && job.phase !== 'Suspended') {
      log.start();
    }
  }, [log, job.phase]);
  const tabs: ITabItem<Tab>[] = [
    {
      name: 'log',
      label: trans.__('Log'),
      render: () => <LogView model={log} />
    },
    {
      name: 'events',
      label: trans.__('Events'),
      render: () => <EventsTable object={job} />
    },
    {
      name: 'spec',
      label: trans.__('Spec'),
      render: () => (
        <pre className="jp-TrainHub-spec" tabIndex={0}>
          {JSON.stringify(job.spec, null, 2)}
        </pre>
      )
    }
  ];
  return (
    <Tabs
      id={`trainhub-job-tab-${job.uid}`}
      label={trans.__('About job %1', job.name)}
      tabs={tabs}
      selected={tab}
      onSelect={setTab}
    />
  );
}

function localTime(time: string): string {
  return new Date(time).toLocaleString();
}
