import React from 'react';
import { CommandIDs } from '../commands';
import { useHub, useStore } from '../context';
import { instanceIcon, jobIcon } from '../icons';
import { sameVersion, VERSION } from '../version';
import { Announcer } from './announcer';

/** What can be begun from the panel, and what keeps it from being up to date. */
export function PanelHeader(): JSX.Element {
  const { commands, trans } = useHub();
  return (
    <div className="jp-TrainHub-panelHeader">
      <div className="jp-TrainHub-panelActions">
        <button
          className="jp-TrainHub-actionButton"
          onClick={() => void commands.execute(CommandIDs.newInstance)}
        >
          <instanceIcon.react tag="span" aria-hidden="true" />
          {trans.__('New instance…')}
        </button>
        <button
          className="jp-TrainHub-actionButton"
          onClick={() => void commands.execute(CommandIDs.submitJob)}
        >
          <jobIcon.react tag="span" aria-hidden="true" />
          {trans.__('Submit job…')}
        </button>
      </div>
      <VersionNotice />
      <ClusterNotice />
      <Announcer />
    </div>
  );
}

/** Says when the page and the server come from different installations. */
function VersionNotice(): JSX.Element | null {
  const { trans } = useHub();
  const { status } = useStore();
  return status && !sameVersion(status.version) ? (
    <div className="jp-TrainHub-notice" role="status">
      {trans.__(
        'This page is TrainHub %1, the server is TrainHub %2. Restart the Jupyter server and reload the page. If that does not help, run "pip install --force-reinstall jupyter_trainhub==%2".',
        VERSION,
        status.version
      )}
    </div>
  ) : null;
}

/** Says what is wrong with the server or the cluster, and what would do. */
function ClusterNotice(): JSX.Element | null {
  const { commands, trans } = useHub();
  const store = useStore();
  const { problem, status } = store;
  if (status?.cluster.state === 'starting') {
    return (
      <div className="jp-TrainHub-notice" role="status">
        {status.cluster.message || trans.__('The cluster is starting…')}
        <progress
          className="jp-TrainHub-progress"
          aria-label={trans.__('Starting')}
        />
      </div>
    );
  }
  if (status?.cluster.state === 'unavailable') {
    return (
      <div className="jp-TrainHub-notice" role="status">
        {status.cluster.message || trans.__('The cluster cannot be reached.')}
        {status.cluster.embedded && (
          <button
            className="jp-mod-styled jp-mod-accept"
            onClick={() => void commands.execute(CommandIDs.startCluster)}
          >
            {trans.__('Start embedded cluster')}
          </button>
        )}
      </div>
    );
  }
  if (problem) {
    return (
      <div className="jp-TrainHub-notice" role="status">
        {problem.advice}
        <button className="jp-mod-styled" onClick={() => void store.refresh()}>
          {trans.__('Try again')}
        </button>
      </div>
    );
  }
  return null;
}
