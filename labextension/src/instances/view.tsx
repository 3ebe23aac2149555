import { URLExt } from '@jupyterlab/coreutils';
import React, { useRef } from 'react';
import { CommandIDs } from '../commands';
import { useHub, useStore, type IHubContext } from '../context';
import { Frame } from '../frame';
import { HubWidget } from '../hubWidget';
import { phaseWord } from '../phase';
import { Splash } from '../splash';

/** A tab that shows the JupyterLab of a dev instance as soon as it answers. */
export class InstanceView extends HubWidget {
  constructor(
    hub: IHubContext,
    readonly name: string
  ) {
    super(hub);
    this.addClass('jp-IFrame');
    this.node.dataset.trainhubInstance = name;
  }

  protected renderContent(): JSX.Element {
    return <InstanceContent name={this.name} />;
  }
}

function InstanceContent({ name }: { name: string }): JSX.Element {
  const { api, commands, trans } = useHub();
  const store = useStore();
  const instance = store.get('instance', name);
  const shown = useRef<string | null>(null);
  if (!instance) {
    const loaded = store.isLoaded('instance');
    return (
      <Splash
        title={name}
        busy={!loaded && !store.problem}
        message={
          store.problem?.advice ??
          (loaded
            ? trans.__('There is no instance of this name any more.')
            : trans.__('Looking for the instance…'))
        }
      />
    );
  }
  // A probe that fails for a moment must not take away what the user is working in.
  const isThere = instance.ready || shown.current === instance.uid;
  if (instance.phase === 'Running' && isThere && instance.url) {
    shown.current = instance.uid;
    return (
      <Frame
        address={api.address(workspaceUrl(instance.url, name))}
        title={trans.__('JupyterLab of instance %1', name)}
      />
    );
  }
  const off = instance.phase === 'Stopped' || instance.phase === 'Failed';
  return (
    <Splash
      title={trans.__(
        'Instance %1: %2',
        name,
        phaseWord(instance.phase, trans)
      )}
      phase={instance.phase}
      busy={!off}
      message={
        instance.message ||
        (instance.phase === 'Stopped'
          ? trans.__('It keeps its definition and uses no resources.')
          : off
            ? instance.reason
            : trans.__('This page goes on by itself when it is ready.'))
      }
    >
      {instance.phase === 'Stopped' && (
        <button
          className="jp-mod-styled jp-mod-accept"
          onClick={() =>
            void commands.execute(CommandIDs.startInstance, { name })
          }
        >
          {trans.__('Start')}
        </button>
      )}
    </Splash>
  );
}

/**
 * The address of an instance's JupyterLab, which `url` is, in a workspace of its own. Both JupyterLabs share an
 * origin, and so the record of open workspaces: in the default one the inner would find itself
 * opened twice, and reload into a new one each time.
 */
function workspaceUrl(url: string, name: string): string {
  return URLExt.join(url, 'workspaces', `trainhub-${name}`);
}
