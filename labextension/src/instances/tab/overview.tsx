import React from 'react';
import { useHub } from '../../context';
import { EventsTable } from '../../eventsTable';
import type { IInstance } from '../../views';
import { FoldersTable } from './folders';
import { IdleSignals } from './idle';
import { ProgressList } from './progress';
import { SpecTable } from './specTable';
import { RawDetails, whyText } from '../../why';

/** All that is known of an instance. */
export function Overview({ instance }: { instance: IInstance }): JSX.Element {
  const { trans } = useHub();
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
      <IdleSignals instance={instance} />
      <section>
        <h2>{trans.__('Events')}</h2>
        <EventsTable object={instance} />
      </section>
    </div>
  );
}
