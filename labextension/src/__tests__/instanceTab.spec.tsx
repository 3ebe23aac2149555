import { Clipboard } from '@jupyterlab/apputils';
import { fireEvent, screen, within } from '@testing-library/react';
import {
  INTERFACES,
  InstanceBench,
  ago,
  choose,
  frame,
  press,
  settle
} from './instanceBench';
import { STATUS } from './views';

describe('InstanceTabContent', () => {
  it('shows the JupyterLab in a workspace of its own and keeps it', async () => {
    const bench = await new InstanceBench().show();
    const lab = frame();
    expect(lab?.src).toBe(
      'http://localhost/user/a%40b/trainhub/instances/desk/lab/lab/workspaces/trainhub-desk'
    );
    await choose('Overview');
    expect(frame()).toBe(lab);
    await choose('Lab');
    // A probe fails for a moment, then the cluster does not answer.
    await bench.change({ ready: false });
    bench.answers['GET status'] = {
      status: 503,
      body: { message: 'the cluster does not answer', reason: 'Unavailable' }
    };
    await settle(() => bench.hub.store.refresh().catch(() => null));
    expect(
      screen.getByText(/^The cluster does not answer\. What/)
    ).toBeTruthy();
    expect(frame()).toBe(lab);
    bench.answers['GET status'] = { body: STATUS };
    await bench.change({ uid: 'another' });
    expect(frame()).not.toBe(lab);
    await bench.change({ phase: 'Stopped', ready: false });
    expect(frame()).toBeNull();
  });

  const withoutLab = (shell: string | null) =>
    new InstanceBench(
      {},
      {
        'GET instances/desk/interfaces': {
          body: {
            ...INTERFACES,
            lab: false,
            shell,
            remedies: { ...INTERFACES.remedies, lab: 'Install jupyterlab.' }
          }
        }
      }
    ).show();

  it('says what to do when the image has no JupyterLab', async () => {
    await withoutLab('/bin/sh');
    expect(screen.getByText('Install jupyterlab.')).toBeTruthy();
    await press('Open the terminal');
    const terminal = screen.getByRole('tab', { name: 'Terminal' });
    expect(terminal.getAttribute('aria-selected')).toBe('true');
  });

  it('says what to do when the image has no shell either', async () => {
    await withoutLab(null);
    expect(screen.queryByText('Open the terminal')).toBeNull();
    await choose('Terminal');
    expect(screen.getByText('Add a shell to the image.')).toBeTruthy();
  });

  it('shows the frame when the image cannot be asked', async () => {
    await new InstanceBench(
      {},
      { 'GET instances/desk/interfaces': { status: 403, body: {} } }
    ).show();
    expect(frame()).toBeTruthy();
  });

  it('starts the IDE, tells why it did not, and tries again', async () => {
    const bench = new InstanceBench(
      {},
      {
        'POST instances/desk/ide': {
          status: 502,
          body: { message: 'no space left', reason: 'Failed' }
        }
      }
    );
    await bench.show('ide');
    expect(screen.getByText('No space left.')).toBeTruthy();
    bench.answers['POST instances/desk/ide'] = {
      body: { url: 'trainhub/instances/desk/ide/' }
    };
    await press('Try again');
    expect(frame()?.src).toMatch(/instances\/desk\/ide\/$/);
  });

  it('gives a text to copy when the image has no IDE', async () => {
    const remedies = { ide: 'RUN install code-server' };
    await new InstanceBench(
      {},
      {
        'GET instances/desk/interfaces': {
          body: { ...INTERFACES, ide: null, remedies }
        }
      }
    ).show('ide');
    expect(screen.getByText('RUN install code-server').tagName).toBe('CODE');
    // jsdom has no clipboard.
    const copied = jest.spyOn(Clipboard, 'copyToSystem').mockReturnValue();
    await press("Copy: What to add to the image's Dockerfile");
    expect(copied).toHaveBeenCalledWith('RUN install code-server');
    expect(screen.getAllByText('Copied').length).toBeGreaterThan(0);
  });

  it('tells each phase on the way, why it waits, and cancels', async () => {
    const bench = await new InstanceBench({
      phase: 'Starting',
      ready: false,
      message: 'The image is being pulled',
      remedy: 'Wait a little.',
      details: 'Pulling image "x"',
      progress: [
        { step: 'created', state: 'done', at: null, seconds: 1 },
        { step: 'pulled', state: 'current', at: ago(65.5), seconds: null },
        { step: 'answering', state: 'waiting', at: null, seconds: null }
      ]
    }).show();
    const steps = within(screen.getByRole('list')).getAllByRole('listitem');
    expect(steps.map(({ textContent }) => textContent)).toEqual([
      'Createddone1 s',
      'Image pulledin progress1 min 5 s',
      'Answeringwaiting'
    ]);
    expect(
      screen.getByText('The image is being pulled. Wait a little.')
    ).toBeTruthy();
    expect(screen.getByText('Pulling image "x"')).toBeTruthy();
    const panel = within(screen.getByRole('tabpanel'));
    fireEvent.click(panel.getByRole('button', { name: 'Cancel' }));
    expect(bench.executed).toEqual(['stop desk']);
  });

  it('tells why it was stopped and what is kept, in words', async () => {
    await new InstanceBench({
      phase: 'Stopped',
      ready: false,
      message: 'TrainHub stopped it: it was idle for 2 h',
      folders: [
        {
          path: '/mnt/user/ada',
          title: 'NAS',
          kept: 'kept',
          read_only: true,
          source: null
        },
        {
          path: '/',
          title: 'The rest',
          kept: 'lost',
          read_only: false,
          source: null
        }
      ]
    }).show('terminal');
    expect(
      screen.getByText('TrainHub stopped it: it was idle for 2 h.')
    ).toBeTruthy();
    const [, nas, rest] = screen.getAllByRole('row');
    expect(nas.textContent).toBe('/mnt/user/adakeptread onlyNAS');
    expect(rest.textContent).toBe('/lostread and writeThe rest');
  });

  it('offers to close, and another instance, when it was deleted', async () => {
    const bench = await new InstanceBench().show();
    await bench.change(null);
    expect(
      screen.getByText('There is no instance of this name any more.')
    ).toBeTruthy();
    await press('New instance');
    await press('Close');
    expect(bench.executed).toEqual(['new ']);
    expect(bench.closed).toBe(true);
  });
});
