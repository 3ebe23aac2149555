import { fireEvent, screen, within } from '@testing-library/react';
import type { IInstance } from '../views';
import { InstanceBench, ago, press } from './instanceBench';

describe('Header and pages of an instance', () => {
  it.each([
    [
      'Running',
      ['Stop', 'Restart', 'Save as image…', 'TensorBoard…', 'Edit…', 'Delete']
    ],
    ['Pending', ['Cancel', 'Restart', 'TensorBoard…', 'Edit…', 'Delete']],
    ['Failed', ['Stop', 'Restart', 'TensorBoard…', 'Edit…', 'Delete']],
    ['Stopped', ['Start', 'TensorBoard…', 'Edit…', 'Delete']]
  ] as const)('offers what can be done when %s', async (phase, labels) => {
    const bench = await new InstanceBench({ phase }).show('overview');
    const header = within(screen.getByRole('banner'));
    const buttons = header.getAllByRole('button');
    expect(buttons.map(({ textContent }) => textContent)).toEqual(labels);
    buttons.forEach(button => fireEvent.click(button));
    expect(bench.executed).toEqual(
      labels.map(label =>
        label === 'Cancel'
          ? 'stop desk'
          : `${label.replace('…', '').split(' ')[0].toLowerCase()} desk`
      )
    );
  });

  it('counts down to the stop of an idle instance, which one click keeps', async () => {
    const idle: IInstance['idle'] = {
      policy: { timeout: 3600, warning: 600, extension: 3600 },
      state: 'idle',
      since: null,
      stops_at: ago(-125.5),
      warned: true,
      extended_until: null,
      message: null,
      signals: []
    };
    const bench = await new InstanceBench({ idle }).show('overview');
    expect(screen.getByText(/stops in 2 min 5 s/)).toBeTruthy();
    await press('Keep for 1 hour');
    expect(bench.executed).toEqual(['extend desk']);
    await bench.change({ idle: { ...idle, warned: false } });
    expect(screen.queryByText(/stops in/)).toBeNull();
  });

  it('shows the definition without values of the environment', async () => {
    const bench = await new InstanceBench({
      spec: { env: { TOKEN: 'secret' }, gpus: 0, image: 'pytorch:2.9' },
      restart_needed: true
    }).show('overview');
    const table = screen.getByRole('table', { name: 'Definition' });
    expect(table.textContent).toBe(
      'DefinitionGPUs0Imagepytorch:2.9Environment variablesTOKEN'
    );
    const panel = within(screen.getByRole('tabpanel', { name: 'Overview' }));
    fireEvent.click(panel.getByRole('button', { name: 'Restart' }));
    expect(bench.executed).toEqual(['restart desk']);
  });

  it('shows each sign of activity, and asks again', async () => {
    const body = {
      message: 'A kernel is busy.',
      signals: [
        { name: 'kernels', state: 'active', at: null, detail: '1 of 2 busy' },
        { name: 'gpu', state: 'unknown', at: null, detail: null }
      ]
    };
    const bench = await new InstanceBench(
      {},
      { 'GET instances/desk/idle': { body } }
    ).show('overview');
    const table = screen.getByRole('table', { name: 'Signs of activity' });
    const rows = within(table).getAllByRole('row');
    expect(rows[1].textContent).toBe('Kernelsactive–1 of 2 busy');
    expect(rows[2].textContent).toBe('GPU useunknown, counts as active––');
    bench.answers['GET instances/desk/idle'] = {
      body: { ...body, message: 'It is idle.' }
    };
    await press('Ask again');
    expect(screen.getByText('It is idle.')).toBeTruthy();
  });

  it('shows how to reach it by SSH', async () => {
    await new InstanceBench(
      {},
      {
        'GET instances/desk/ssh': {
          body: {
            host: 'trainhub-desk',
            command: 'ssh trainhub-desk',
            config: 'Host trainhub-desk',
            scp: 'scp a trainhub-desk:',
            vscode: 'vscode://x',
            fingerprint: 'SHA256:x',
            putty: [{ setting: 'Host Name', value: 'trainhub-desk' }],
            direct: { command: 'ssh -p 22 me@node', note: 'By password.' },
            setup: ['trainhub ssh-config']
          }
        }
      }
    ).show('ssh');
    for (const text of [
      'trainhub ssh-config',
      'ssh trainhub-desk',
      'scp a trainhub-desk:',
      'Host trainhub-desk',
      'SHA256:x',
      'ssh -p 22 me@node'
    ]) {
      const figure = screen.getByText(text).closest('figure')!;
      expect(within(figure).getByRole('button').textContent).toBe('Copy');
    }
    expect(screen.getByRole('link').getAttribute('href')).toBe('vscode://x');
    expect(screen.getByRole('row', { name: /^Host Name/ })).toBeTruthy();
  });
});
