import React, { useMemo } from 'react';
import { useHub, useStore } from '../../context';
import { JobMetricsTab } from '../../metrics/tab';
import { JobRunTab } from '../../runs/tab';
import { Splash } from '../../splash';
import { Tabs, type ITabItem } from '../../tabs';
import { JobFilesTab } from '../../volumes/tab';
import { JobEventsTab } from '../events';
import { JobLogTab } from '../log/tab';
import { JobOverviewTab } from '../overview/tab';
import { JobPodsTab } from '../pods';
import { JobShellTab } from '../shell/tab';
import type { IJob, JobTabName } from '../views';
import { JobYamlTab } from '../yaml/tab';
import { JobHeader } from './header';
import { JobPageContext, type ITarget } from './target';

interface IProps {
  name: string;
  tab: JobTabName;
  target: ITarget;
  onSelect: (tab: JobTabName, rank?: number | null) => void;
  onClose: () => void;
}

/** What the page of a job shows. */
export function JobPageContent(props: IProps): JSX.Element {
  const { trans } = useHub();
  const store = useStore();
  const { name, target, onSelect, onClose } = props;
  const job = store.get('job', name);
  const page = useMemo(
    () => ({ target, select: onSelect }),
    [target, onSelect]
  );
  if (!job) {
    const isGone = store.isLoaded('job');
    return (
      <Splash
        title={name}
        busy={!isGone && !store.problem}
        message={
          isGone
            ? trans.__('There is no job of this name any more.')
            : (store.problem?.advice ?? trans.__('Looking for the job…'))
        }
      >
        {isGone && (
          <button className="jp-mod-styled" onClick={onClose}>
            {trans.__('Close')}
          </button>
        )}
      </Splash>
    );
  }
  return (
    <JobPageContext.Provider value={page}>
      <article className="jp-TrainHub-job" data-trainhub-phase={job.phase}>
        <JobHeader job={job} />
        {/* A job made anew under the same name shares nothing with the one before. */}
        <JobTabs key={job.uid} job={job} {...props} />
      </article>
    </JobPageContext.Provider>
  );
}

function JobTabs({ job, tab, onSelect }: IProps & { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const panel = (
    name: JobTabName,
    label: string,
    Content: (props: { job: IJob }) => JSX.Element,
    keep = true
  ): ITabItem<JobTabName> => ({
    name,
    label,
    keep,
    render: () => <Content job={job} />
  });
  return (
    <Tabs
      id={`trainhub-job-tab-${job.uid}`}
      label={trans.__('About job %1', job.name)}
      selected={tab}
      onSelect={name => onSelect(name)}
      tabs={[
        panel('overview', trans.__('Overview'), JobOverviewTab),
        panel('pods', trans.__('Pods'), JobPodsTab),
        panel('log', trans.__('Log'), JobLogTab),
        // They are asked for anew with each change of the job while they are shown.
        panel('events', trans.__('Events'), JobEventsTab, false),
        panel('metrics', trans.__('Metrics'), JobMetricsTab),
        panel('files', trans.__('Files'), JobFilesTab),
        panel('yaml', trans.__('YAML'), JobYamlTab),
        panel('shell', trans.__('Shell'), JobShellTab),
        panel('run', trans.__('Run record'), JobRunTab)
      ]}
    />
  );
}
