import React from 'react';
import { CommandButton } from '../../commandButton';
import { CommandIDs } from '../../commands';
import { useHub } from '../../context';
import { EventsTable } from '../../eventsTable';
import { phaseWord } from '../../phase';
import { Splash } from '../../splash';
import type { IInstance } from '../../views';
import { FoldersTable } from './folders';
import { ProgressList } from './progress';
import { RawDetails, whyText } from '../../why';

/** What stands in for the interfaces of an instance that cannot be entered at the moment. */
export function StatePanel({ instance }: { instance: IInstance }): JSX.Element {
  switch (instance.phase) {
    case 'Stopped':
      return <StoppedPanel instance={instance} />;
    case 'Failed':
      return <FailedPanel instance={instance} />;
    case 'Stopping':
      return <StoppingPanel instance={instance} />;
    default:
      return <StartingPanel instance={instance} />;
  }
}

function StartingPanel({ instance }: { instance: IInstance }): JSX.Element {
  const { trans } = useHub();
  const { name, remedy } = instance;
  return (
    <State
      instance={instance}
      busy
      message={
        whyText(instance) ||
        trans.__('This page goes on by itself when it is ready.')
      }
      body={
        <>
          <ProgressList instance={instance} />
          <RawDetails details={instance.details} />
        </>
      }
    >
      <CommandButton
        command={CommandIDs.stopInstance}
        args={{ name }}
        label={trans.__('Cancel')}
      />
      {remedy && (
        <CommandButton
          command={CommandIDs.editInstance}
          args={{ name }}
          label={trans.__('Edit…')}
        />
      )}
    </State>
  );
}

function StoppingPanel({ instance }: { instance: IInstance }): JSX.Element {
  return (
    <State
      instance={instance}
      busy
      message={whyText(instance)}
      body={<RawDetails details={instance.details} />}
    />
  );
}

function StoppedPanel({ instance }: { instance: IInstance }): JSX.Element {
  const { trans } = useHub();
  const { name } = instance;
  return (
    <State
      instance={instance}
      message={
        whyText(instance) ||
        trans.__('It keeps its definition and uses no resources.')
      }
      body={<FoldersTable folders={instance.folders} />}
    >
      <CommandButton
        command={CommandIDs.startInstance}
        args={{ name }}
        label={trans.__('Start')}
        isMain
      />
      <CommandButton
        command={CommandIDs.editInstance}
        args={{ name }}
        label={trans.__('Edit…')}
      />
    </State>
  );
}

function FailedPanel({ instance }: { instance: IInstance }): JSX.Element {
  const { trans } = useHub();
  const { name } = instance;
  return (
    <State
      instance={instance}
      message={whyText(instance)}
      body={
        <>
          <ProgressList instance={instance} />
          <RawDetails details={instance.details} />
          <section className="jp-TrainHub-splashSection">
            <h3>{trans.__('Last events')}</h3>
            <EventsTable object={instance} />
          </section>
        </>
      }
    >
      <CommandButton
        command={CommandIDs.editInstance}
        args={{ name }}
        label={trans.__('Edit…')}
        isMain
      />
      <CommandButton
        command={CommandIDs.restartInstance}
        args={{ name }}
        label={trans.__('Restart')}
      />
      <CommandButton
        command={CommandIDs.deleteInstance}
        args={{ name }}
        label={trans.__('Delete')}
      />
    </State>
  );
}

/** A splash that names the instance and its phase. */
function State(
  props: Omit<React.ComponentProps<typeof Splash>, 'title' | 'phase'> & {
    instance: IInstance;
  }
): JSX.Element {
  const { trans } = useHub();
  const { instance, ...splash } = props;
  const { name, phase } = instance;
  return (
    <Splash
      {...splash}
      title={trans.__('Instance %1: %2', name, phaseWord(phase, trans))}
      phase={phase}
    />
  );
}
