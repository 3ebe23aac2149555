import React from 'react';
import { useHub } from '../../context';
import { Frame } from '../../frame';
import { Splash } from '../../splash';
import { useRequest, type IRequest } from '../../useRequest';
import type { IInstance, IInterfaces } from '../../views';
import { Missing } from './missing';

/** The IDE of an instance that runs: VS Code in the browser, where the image has one. */
export function IdePanel(props: {
  instance: IInstance;
  interfaces: IRequest<IInterfaces | null>;
}): JSX.Element {
  const { trans } = useHub();
  const { name } = props.instance;
  const { value, isPending } = props.interfaces;
  if (isPending && !value) {
    return (
      <Splash title={name} busy message={trans.__('Looking for an IDE…')} />
    );
  }
  if (value && value.ide === null) {
    return (
      <Missing
        title={trans.__('The image has no IDE')}
        message={trans.__(
          'Visual Studio Code runs here when the image has code-server or openvscode-server. Choose such an image under "Edit…", or add one to your own.'
        )}
        remedy={value.remedies.ide}
      />
    );
  }
  return <Ide name={name} />;
}

function Ide({ name }: { name: string }): JSX.Element {
  const { api, trans } = useHub();
  const ide = useRequest(() => api.instances.startIde(name), name);
  if (ide.value) {
    return (
      <Frame
        address={api.address(ide.value.url)}
        title={trans.__('IDE of instance %1', name)}
      />
    );
  }
  return (
    <Splash
      title={
        ide.isPending
          ? trans.__('Starting the IDE…')
          : trans.__('The IDE did not start')
      }
      busy={ide.isPending}
      phase={ide.problem ? 'Failed' : undefined}
      message={
        ide.problem ?? trans.__('The first start may take up to a minute.')
      }
    >
      {ide.problem && (
        <button className="jp-mod-styled jp-mod-accept" onClick={ide.again}>
          {trans.__('Try again')}
        </button>
      )}
    </Splash>
  );
}
