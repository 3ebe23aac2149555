import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useHub, useNow } from '../../context';
import { formatDuration, secondsBetween } from '../../duration';
import { useRequest } from '../../useRequest';
import type { IIdleSignal, IInstance } from '../../views';

/** Milliseconds after which the ages of signals are counted anew. */
const AGE_INTERVAL = 15_000;

/** Why an instance counts as active or idle, signal by signal. */
export function IdleSignals({
  instance
}: {
  instance: IInstance;
}): JSX.Element {
  const { api, trans } = useHub();
  const { name, phase } = instance;
  const now = useNow(AGE_INTERVAL);
  const isRunning = phase === 'Running';
  const asked = useRequest(
    async () => (isRunning ? await api.instances.idle(name) : null),
    // Whoever keeps it for longer wants to see that it counts.
    `${isRunning} ${instance.idle?.extended_until}`
  );
  const idle = asked.value ?? instance.idle;
  return (
    <section className="jp-TrainHub-idle" aria-busy={asked.isPending}>
      <h2>{trans.__('Activity')}</h2>
      <p role="status">
        {asked.problem ??
          idle?.message ??
          (isRunning
            ? trans.__('Nothing is known of it.')
            : trans.__('It does not run.'))}
      </p>
      {idle && (
        <table className="jp-TrainHub-table">
          <caption className="jp-TrainHub-hidden">
            {trans.__('Signs of activity')}
          </caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Signal')}</th>
              <th scope="col">{trans.__('State')}</th>
              <th scope="col">{trans.__('Last active')}</th>
              <th scope="col">{trans.__('Details')}</th>
            </tr>
          </thead>
          <tbody>
            {idle.signals.map(signal => (
              <tr key={signal.name} data-state={signal.state}>
                <th scope="row">{signalWord(signal.name, trans)}</th>
                <td>{stateWord(signal.state, trans)}</td>
                <td>
                  {signal.at ? (
                    <time
                      dateTime={signal.at}
                      title={new Date(signal.at).toLocaleString()}
                    >
                      {trans.__(
                        '%1 ago',
                        formatDuration(secondsBetween(signal.at, now), trans)
                      )}
                    </time>
                  ) : (
                    '–'
                  )}
                </td>
                <td>{signal.detail ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {isRunning && (
        <button
          className="jp-mod-styled"
          disabled={asked.isPending}
          onClick={asked.again}
        >
          {asked.isPending ? trans.__('Asking…') : trans.__('Ask again')}
        </button>
      )}
    </section>
  );
}

function signalWord(
  name: IIdleSignal['name'],
  trans: TranslationBundle
): string {
  const words: Record<string, string> = {
    kernels: trans.__('Kernels'),
    terminals: trans.__('Terminals'),
    ssh: trans.__('SSH sessions'),
    ide: trans.__('IDE'),
    lab: trans.__('JupyterLab page'),
    saving: trans.__('Saving as an image'),
    cpu: trans.__('CPU use'),
    gpu: trans.__('GPU use')
  };
  return words[name] ?? name;
}

function stateWord(
  state: IIdleSignal['state'],
  trans: TranslationBundle
): string {
  return {
    active: trans.__('active'),
    idle: trans.__('idle'),
    unknown: trans.__('unknown, counts as active'),
    none: trans.__('none')
  }[state];
}
