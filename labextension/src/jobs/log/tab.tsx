import React, { useEffect, useMemo } from 'react';
import { useHub } from '../../context';
import { isOver, type IJob } from '../views';
import { LogModel } from './model';
import { LogView } from './view';

/** What a job has written, and writes. */
export function JobLogTab({ job }: { job: IJob }): JSX.Element {
  const { api, store } = useHub();
  const { name, uid, phase } = job;
  const log = useMemo(
    () =>
      new LogModel(api, name, () => {
        const now = store.get('job', name);
        return !now || now.uid !== uid || isOver(now);
      }),
    [api, store, name, uid]
  );
  useEffect(() => () => log.dispose(), [log]);
  useEffect(() => {
    // Before any pod runs there is nothing to read; each change of phase is worth a new attempt.
    if (phase !== 'Pending' && phase !== 'Suspended') {
      log.start();
    }
  }, [log, phase]);
  return <LogView model={log} />;
}
