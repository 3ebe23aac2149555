import React from 'react';
import { useHub } from '../../context';
import { Copyable } from '../../copyable';
import { Splash } from '../../splash';
import { useRequest, type IRequest } from '../../useRequest';
import type { IInstance, IInterfaces, ISsh } from '../../views';
import { DockerfileLines } from './missing';

/** How to reach an instance from one's own machine. */
export function SshPanel(props: {
  instance: IInstance;
  interfaces: IRequest<IInterfaces | null>;
}): JSX.Element {
  const { api, trans } = useHub();
  const { name } = props.instance;
  const ssh = useRequest(() => api.instances.ssh(name), name);
  if (!ssh.value) {
    return (
      <Splash
        title={trans.__('SSH to instance %1', name)}
        busy={ssh.isPending}
        message={ssh.problem ?? trans.__('Fetching…')}
      >
        {ssh.problem && (
          <button className="jp-mod-styled jp-mod-accept" onClick={ssh.again}>
            {trans.__('Try again')}
          </button>
        )}
      </Splash>
    );
  }
  return (
    <SshAccess ssh={ssh.value} remedy={props.interfaces.value?.remedies.ssh} />
  );
}

function SshAccess(props: { ssh: ISsh; remedy?: string }): JSX.Element {
  const { trans } = useHub();
  const { ssh, remedy } = props;
  return (
    <div className="jp-TrainHub-page">
      {remedy && (
        <div className="jp-TrainHub-notice">
          {trans.__('The image lacks something that SSH or scp needs.')}
          <DockerfileLines text={remedy} />
        </div>
      )}
      {ssh.setup.length > 0 && (
        <section>
          <h2>{trans.__('Once, on your own machine')}</h2>
          {ssh.setup.map((step, index) => (
            <Copyable
              key={step}
              label={trans.__('Step %1', index + 1)}
              text={step}
            />
          ))}
        </section>
      )}
      <section>
        <h2>{trans.__('Connect')}</h2>
        <Copyable label={trans.__('Shell')} text={ssh.command} />
        <Copyable label={trans.__('Copy files')} text={ssh.scp} />
        <p>
          <a className="jp-TrainHub-link" href={ssh.vscode}>
            {trans.__('Open in Visual Studio Code')}
          </a>{' '}
          {trans.__(
            'It must be installed on your own machine, with its extension "Remote - SSH".'
          )}
        </p>
        <Copyable
          label={trans.__('Host block for ~/.ssh/config')}
          text={ssh.config}
        />
        <Copyable
          label={trans.__('Fingerprint of the host key')}
          text={ssh.fingerprint}
        />
      </section>
      {ssh.direct && (
        <section>
          <h2>{trans.__('Directly, by the SSH server in the image')}</h2>
          <Copyable label={trans.__('Shell')} text={ssh.direct.command} />
          <p>{ssh.direct.note}</p>
        </section>
      )}
      {ssh.putty.length > 0 && (
        <section>
          <h2>{trans.__('PuTTY')}</h2>
          <table className="jp-TrainHub-table">
            <caption className="jp-TrainHub-hidden">
              {trans.__('Settings for PuTTY')}
            </caption>
            <thead>
              <tr>
                <th scope="col">{trans.__('Setting')}</th>
                <th scope="col">{trans.__('Value')}</th>
              </tr>
            </thead>
            <tbody>
              {ssh.putty.map(({ setting, value }) => (
                <tr key={setting}>
                  <th scope="row">{setting}</th>
                  <td>
                    <Copyable label={setting} text={value} isInline />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}
