import type { ISignal } from '@lumino/signaling';
import React, { useRef } from 'react';
import { CommandIDs } from '../../commands';
import { useHub, useStore } from '../../context';
import { Splash } from '../../splash';
import { Tabs, type ITabItem } from '../../tabs';
import { useRequest } from '../../useRequest';
import type { IInstance, InstanceViewName } from '../../views';
import { InstanceHeader } from './header';
import { IdePanel } from './ide';
import { LabPanel } from './lab';
import { Overview } from './overview';
import { SshPanel } from './ssh';
import { StatePanel } from './state';
import { TerminalPanel } from './terminal';

interface IProps {
  name: string;
  view: InstanceViewName;
  onSelect: (view: InstanceViewName) => void;
  onClose: () => void;
  /** Emitted when the tab is activated. */
  activated: ISignal<unknown, void>;
}

/** What the tab of an instance shows. */
export function InstanceTabContent(props: IProps): JSX.Element {
  const { commands, trans } = useHub();
  const store = useStore();
  const instance = store.get('instance', props.name);
  if (!instance) {
    const isGone = store.isLoaded('instance');
    return (
      <Splash
        title={props.name}
        busy={!isGone && !store.problem}
        message={
          isGone
            ? trans.__('There is no instance of this name any more.')
            : (store.problem?.advice ?? trans.__('Looking for the instance…'))
        }
      >
        {isGone && (
          <>
            <button className="jp-mod-styled" onClick={props.onClose}>
              {trans.__('Close')}
            </button>
            <button
              className="jp-mod-styled jp-mod-accept"
              onClick={() => void commands.execute(CommandIDs.newInstance)}
            >
              {trans.__('New instance')}
            </button>
          </>
        )}
      </Splash>
    );
  }
  return (
    <article
      className="jp-TrainHub-instance"
      data-trainhub-phase={instance.phase}
    >
      <ClusterNotice />
      <InstanceHeader instance={instance} />
      {/* An instance made anew under the same name shares nothing with the one before. */}
      <InstanceViews key={instance.uid} {...props} instance={instance} />
    </article>
  );
}

/** A line that says that what is shown may be out of date; what is open stays open. */
function ClusterNotice(): JSX.Element {
  const { trans } = useHub();
  const store = useStore();
  const cluster = store.status?.cluster;
  const problem =
    store.problem?.advice ??
    (cluster && cluster.state !== 'ready'
      ? cluster.message || trans.__('The cluster does not answer.')
      : null);
  return (
    <div role="status">
      {problem && (
        <p className="jp-TrainHub-notice jp-TrainHub-instanceNotice">
          {trans.__('%1 What is open stays open.', problem)}
        </p>
      )}
    </div>
  );
}

function InstanceViews(props: IProps & { instance: IInstance }): JSX.Element {
  const { api, trans } = useHub();
  const { instance, name, view, onSelect } = props;
  const wasOpen = useRef(false);
  const runs = useRef(0);
  // A probe that fails for a moment must not take away what the user is working in.
  const isOpen =
    instance.phase === 'Running' && (instance.ready || wasOpen.current);
  if (isOpen && !wasOpen.current) {
    runs.current += 1;
  }
  wasOpen.current = isOpen;
  // Each run may be of another image.
  const interfaces = useRequest(
    async () => (isOpen ? await api.instances.interfaces(name) : null),
    isOpen ? runs.current : null
  );
  const panel = (
    tab: InstanceViewName,
    label: string,
    render: () => JSX.Element
  ): ITabItem<InstanceViewName> => ({
    name: tab,
    label,
    keep: isOpen,
    render: () => (isOpen ? render() : <StatePanel instance={instance} />)
  });
  const common = { instance, interfaces };
  const tabs: ITabItem<InstanceViewName>[] = [
    panel('lab', trans.__('Lab'), () => (
      <LabPanel {...common} onTerminal={() => onSelect('terminal')} />
    )),
    panel('ide', trans.__('IDE'), () => <IdePanel {...common} />),
    panel('terminal', trans.__('Terminal'), () => (
      <TerminalPanel
        {...common}
        isShown={view === 'terminal'}
        activated={props.activated}
      />
    )),
    panel('ssh', trans.__('SSH'), () => <SshPanel {...common} />),
    {
      name: 'overview',
      label: trans.__('Overview'),
      render: () => <Overview instance={instance} />
    }
  ];
  return (
    <Tabs
      id={`trainhub-instance-tab-${instance.uid}`}
      label={trans.__('Views of instance %1', name)}
      tabs={tabs}
      selected={view}
      onSelect={onSelect}
    />
  );
}
