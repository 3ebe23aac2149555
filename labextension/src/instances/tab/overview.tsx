import React from 'react';
import { useHub } from '../../context';
import { EventsTable } from '../../eventsTable';
import { FitnessCheck } from '../../images/fitness';
import type { IInstance } from '../../views';
import { FoldersTable } from './folders';
import { IdleSignals } from './idle';
import { ProgressList } from './progress';
import { SpecTable } from './specTable';
import { RawDetails, whyText } from '../../why';

/** All that is known of an instance. */
export function Overview({ instance }: { instance: IInstance }): JSX.Element {
  const { api, trans } = useHub();
  const why = whyText(instance);
  return (
    <div className="jp-TrainHub-page">
      {why && (
        <p className="jp-TrainHub-jobMessage" data-phase={instance.phase}>
          {why}
        </p>
      )}
      <RawDetails details={instance.details} />
      <ProgressList instance={instance} />
      <section>
        <FoldersTable folders={instance.folders} />
      </section>
      <section>
        <h2>{trans.__('Definition')}</h2>
        <SpecTable instance={instance} />
      </section>
      <section>
        <h2>{trans.__('Image')}</h2>
        <FitnessCheck
          key={instance.uid}
          help={trans.__(
            'Looks in the running instance for what instances, jobs, SSH and MPI need.'
          )}
          ask={() => api.images.instanceFitness(instance.name)}
          disabled={instance.phase !== 'Running'}
        />
      </section>
      <IdleSignals instance={instance} />
      <section>
        <h2>{trans.__('Events')}</h2>
        <EventsTable object={instance} />
      </section>
    </div>
  );
}
