import { URLExt } from '@jupyterlab/coreutils';
import React from 'react';
import { useHub } from '../../context';
import { Frame } from '../../frame';
import { Splash } from '../../splash';
import type { IRequest } from '../../useRequest';
import type { IInstance, IInterfaces } from '../../views';
import { Missing } from './missing';

/** The JupyterLab of an instance that runs. */
export function LabPanel(props: {
  instance: IInstance;
  interfaces: IRequest<IInterfaces | null>;
  onTerminal: () => void;
}): JSX.Element {
  const { api, trans } = useHub();
  const { instance, interfaces } = props;
  const { name, url } = instance;
  if (interfaces.isPending && !interfaces.value) {
    return <Splash title={name} busy message={trans.__('Opening…')} />;
  }
  if (!url || interfaces.value?.lab === false) {
    const hasShell = interfaces.value?.shell !== null;
    return (
      <Missing
        title={trans.__('The image has no JupyterLab')}
        message={
          hasShell
            ? trans.__(
                'Terminal and SSH work without it. Choose an image that has it under "Edit…", or add it to your own.'
              )
            : trans.__(
                'It has no shell either, so its own program is all that runs. Choose an image that has both under "Edit…".'
              )
        }
        remedy={hasShell ? interfaces.value?.remedies.lab : undefined}
      >
        {hasShell && (
          <button
            className="jp-mod-styled jp-mod-accept"
            onClick={props.onTerminal}
          >
            {trans.__('Open the terminal')}
          </button>
        )}
      </Missing>
    );
  }
  // Where the image cannot be asked, the frame itself tells what is there.
  return (
    <Frame
      address={api.address(workspaceUrl(url, name))}
      title={trans.__('JupyterLab of instance %1', name)}
    />
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
