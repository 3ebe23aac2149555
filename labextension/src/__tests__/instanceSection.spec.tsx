import { fireEvent, screen, within } from '@testing-library/react';
import type { IDisposable } from '@lumino/disposable';
import React from 'react';
import { CommandArguments, CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { InstancesSection } from '../instances/section';
import type { IIdle, IInstance } from '../views';
import { hubContext, renderInHub } from './hub';
import { instance, STATUS } from './views';

function idle(changes: Partial<IIdle>): IIdle {
  return {
    policy: { timeout: 3600, warning: 600, extension: 1800 },
    state: 'idle',
    since: new Date(Date.now() - 2 * 3600_000).toISOString(),
    stops_at: null,
    warned: false,
    extended_until: null,
    message: null,
    signals: [],
    ...changes
  };
}

describe('InstancesSection', () => {
  let hub: IHubContext;
  let executed: string[];
  let lease: IDisposable;

  async function show(changes: Partial<IInstance>): Promise<HTMLElement> {
    hub = hubContext({
      'GET status': { body: STATUS },
      'GET instances': { body: { items: [instance('x', changes)] } },
      'GET jobs': { body: { items: [] } },
      'GET tensorboards': { body: { items: [] } },
      'GET transfers': { body: { items: [] } }
    });
    executed = [];
    for (const id of Object.values(CommandIDs)) {
      hub.commands.addCommand(id, {
        label: id,
        describedBy: { args: CommandArguments.named },
        execute: ({ name }) => void executed.push(`${id} ${name}`)
      });
    }
    const changed = new Promise<void>(resolve =>
      hub.store.changed.connect(() => resolve())
    );
    lease = hub.store.watch();
    await changed;
    renderInHub(<InstancesSection />, hub);
    return screen.getByRole('listitem');
  }

  afterEach(() => lease.dispose());

  it('says why it waits, what would do, and offers to cancel', async () => {
    const row = await show({
      phase: 'Pending',
      message: 'no node has 8 CPUs free',
      remedy: 'Ask for less.'
    });
    expect(row.textContent).toContain('No node has 8 CPUs free.');
    expect(row.textContent).toContain('Ask for less.');
    fireEvent.click(
      within(row).getByLabelText('Cancel the start of instance x')
    );
    expect(executed).toEqual(['trainhub:stop-instance x']);
  });

  it('tells whose it is, and that it has to be restarted', async () => {
    const row = await show({ owner: 'bob', restart_needed: true });
    expect(row.textContent).toContain('of bob · 1 CPU · 2 GiB');
    expect(row.textContent).toContain('Restart needed');
  });

  it('counts down to the stop of an idle instance and keeps it on demand', async () => {
    const stops_at = new Date(Date.now() + 9.5 * 60_000).toISOString();
    const row = await show({ idle: idle({ warned: true, stops_at }) });
    expect(row.textContent).toContain('Idle: stops in 9 min');
    fireEvent.click(within(row).getByText('Keep for 30 min'));
    expect(executed).toEqual(['trainhub:extend-instance x']);
  });

  it('points out GPUs that nothing uses', async () => {
    const row = await show({ gpus: 1, idle: idle({}) });
    expect(row.textContent).toContain('Idle for 2 h');
  });

  it('has a menu for the rest, that gives the focus back', async () => {
    const row = await show({ phase: 'Stopped' });
    const more = within(row).getByLabelText('More for instance x');
    fireEvent.click(more);
    const items = screen.getAllByRole('menuitem').map(item => item.textContent);
    expect(items).toEqual([
      CommandIDs.openInstanceLogs,
      CommandIDs.editInstance,
      CommandIDs.cloneInstance,
      CommandIDs.deleteInstance
    ]);
    const menu = document.querySelector('.lm-Menu')!;
    fireEvent.keyDown(menu, { key: 'Escape', keyCode: 27 });
    expect(document.activeElement).toBe(more);
  });
});
