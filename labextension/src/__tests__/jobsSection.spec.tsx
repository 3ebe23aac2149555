import { act, screen } from '@testing-library/react';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { JobsSection } from '../jobs/section';
import { JobPage } from '../jobs/page';
import type { IJob } from '../views';
import { hubContext, renderInHub } from './hub';
import { job, STATUS } from './views';

describe('a job that cannot be placed', () => {
  const held: Partial<IJob> = {
    phase: 'Pending',
    message: 'it needs 1000 CPUs',
    remedy: 'Ask for at most 4.',
    details: '0/1 nodes are available'
  };

  const hub = hubContext({
    'GET status': { body: STATUS },
    'GET instances': { body: { items: [] } },
    'GET jobs': { body: { items: [job('x', held)] } },
    'GET tensorboards': { body: { items: [] } },
    'GET transfers': { body: { items: [] } }
  });

  it('says in the panel why, and what would do', async () => {
    const lease = hub.store.watch();
    renderInHub(<JobsSection />, hub);
    const row = await screen.findByRole('listitem');
    expect(row.textContent).toContain('It needs 1000 CPUs.');
    expect(row.textContent).toContain('Ask for at most 4.');
    lease.dispose();
  });

  it('says the same on its page, with the words of Kubernetes below', async () => {
    const lease = hub.store.watch();
    const page = new JobPage(hub, 'x');
    Widget.attach(page, document.body);
    expect(
      await screen.findByText('It needs 1000 CPUs. Ask for at most 4.')
    ).toBeTruthy();
    expect(screen.getByText('0/1 nodes are available')).toBeTruthy();
    act(() => page.dispose());
    lease.dispose();
  });
});
