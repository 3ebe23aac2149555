import React from 'react';
import { CommandButton } from '../../commandButton';
import { CommandIDs } from '../../commands';
import { useHub, useNow } from '../../context';
import { formatDuration, secondsBetween } from '../../duration';
import { PhaseLabel } from '../../phase';
import { formatBytes, formatCount } from '../../quantity';
import type { IIdle, IInstance } from '../../views';
import { keepWords } from '../idle';

/** The top of an instance's tab: which one it is, how it stands, and what can be done to it. */
export function InstanceHeader({
  instance
}: {
  instance: IInstance;
}): JSX.Element {
  const { trans } = useHub();
  const { name, phase, cpus, memory, gpus, node, idle } = instance;
  const facts = [
    trans._n('%2 CPU', '%2 CPUs', cpus, formatCount(cpus)),
    formatBytes(memory),
    ...(gpus > 0 ? [trans._n('%1 GPU', '%1 GPUs', gpus)] : []),
    ...(node ? [trans.__('on %1', node)] : [])
  ];
  return (
    <header className="jp-TrainHub-instanceHeader">
      <div className="jp-TrainHub-jobTitle">
        <h1>{name}</h1>
        <span role="status">
          <PhaseLabel phase={phase} title={instance.message} />
        </span>
        <span className="jp-TrainHub-instanceFacts">
          {facts.join(' · ')}
          <Since instance={instance} />
        </span>
        <Actions instance={instance} />
      </div>
      {phase === 'Running' && idle?.warned && idle.stops_at && (
        <IdleWarning name={name} idle={idle} stopsAt={idle.stops_at} />
      )}
    </header>
  );
}

function Since({ instance }: { instance: IInstance }): JSX.Element | null {
  const { trans } = useHub();
  const { phase, created, progress } = instance;
  const running =
    phase === 'Running' && [...progress].reverse().find(({ at }) => at)?.at;
  const since = running || created;
  if (!since) {
    return null;
  }
  const when = new Date(since).toLocaleString();
  return (
    <time dateTime={since}>
      {' · '}
      {running
        ? trans.__('running since %1', when)
        : trans.__('created %1', when)}
    </time>
  );
}

function Actions({ instance }: { instance: IInstance }): JSX.Element {
  const { trans } = useHub();
  const { name, phase } = instance;
  const isOff = phase === 'Stopped' || phase === 'Stopping';
  const isComing = phase === 'Pending' || phase === 'Starting';
  return (
    <div className="jp-TrainHub-jobActions">
      {isOff ? (
        <CommandButton
          command={CommandIDs.startInstance}
          args={{ name }}
          label={trans.__('Start')}
          disabled={phase === 'Stopping'}
        />
      ) : (
        <>
          <CommandButton
            command={CommandIDs.stopInstance}
            args={{ name }}
            label={isComing ? trans.__('Cancel') : trans.__('Stop')}
          />
          <CommandButton
            command={CommandIDs.restartInstance}
            args={{ name }}
            label={trans.__('Restart')}
          />
        </>
      )}
      {phase === 'Running' && (
        <CommandButton
          command={CommandIDs.saveInstance}
          args={{ name }}
          label={trans.__('Save as image…')}
        />
      )}
      <CommandButton
        command={CommandIDs.openInstanceLogs}
        args={{ name }}
        label={trans.__('TensorBoard…')}
      />
      <CommandButton
        command={CommandIDs.editInstance}
        args={{ name }}
        label={trans.__('Edit…')}
      />
      <CommandButton
        command={CommandIDs.deleteInstance}
        args={{ name }}
        label={trans.__('Delete')}
      />
    </div>
  );
}

function IdleWarning(props: {
  name: string;
  idle: IIdle;
  stopsAt: string;
}): JSX.Element {
  const { trans } = useHub();
  const now = useNow(1_000);
  const { name, idle, stopsAt } = props;
  const left = (Date.parse(stopsAt) - now) / 1000;
  return (
    <div className="jp-TrainHub-notice jp-TrainHub-idleWarning">
      <span>
        {left > 0
          ? trans.__('It is idle and stops in %1.', formatDuration(left, trans))
          : trans.__('It is idle and is about to be stopped.')}{' '}
        {idle.since &&
          trans.__(
            'Idle for %1.',
            formatDuration(secondsBetween(idle.since, now), trans)
          )}
      </span>
      <CommandButton
        command={CommandIDs.extendInstance}
        args={{ name }}
        label={keepWords(idle, trans)}
      />
    </div>
  );
}
