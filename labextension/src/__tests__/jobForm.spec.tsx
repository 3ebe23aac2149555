import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import type { JSONSchema7 } from 'json-schema';
import { Widget } from '@lumino/widgets';
import type { IHubContext } from '../context';
import type { IJobFormOptions } from '../jobs/form/draft';
import { JobForm } from '../jobs/form/widget';
import type { IPlan } from '../jobs/preview/views';
import type { SourceFile } from '../notebook/source';
import type { IJob, Spec } from '../views';
import { hubContext } from './hub';
import { settle } from './instanceBench';
import { jobLists } from './jobBench';
import { RequestTable } from './requestTable';
import { job } from './views';

const SCHEMA: JSONSchema7 = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', maxLength: 48 },
    notebook: { type: 'string' },
    command: { type: 'array', items: { type: 'string' } },
    parameters: { type: 'object', additionalProperties: {} },
    framework: {
      type: 'string',
      default: 'single',
      oneOf: [
        { const: 'single', title: 'One process' },
        { const: 'horovod', title: 'Horovod' }
      ]
    },
    nodes: { type: 'integer', default: 1 },
    virtual_cluster: {
      type: 'string',
      oneOf: [
        {
          const: 'a800',
          title: 'A800',
          sku: { name: 'A800-120G', cpus: 15, memory: '120Gi', gpus: 1 }
        } as JSONSchema7
      ]
    },
    skus: { type: 'integer', default: 1 },
    cpus: { type: 'number', default: 1 },
    memory: { type: 'string', default: '2Gi' },
    gpus: { type: 'integer', default: 0 },
    category: {
      type: 'string',
      enum: ['debug', 'training'],
      default: 'training'
    },
    project: { type: 'string', default: '' },
    priority: { type: 'integer', minimum: 1, maximum: 9 },
    time_limit: { type: 'integer' },
    peer_timeout: { type: 'integer', default: 600 },
    ib_network: { type: 'boolean' },
    ssh: { type: 'boolean', default: false },
    model_volume: { $ref: '#/$defs/JobVolume' },
    env: { type: 'object', additionalProperties: { type: 'string' } }
  },
  $defs: {
    JobVolume: {
      type: 'object',
      required: ['path'],
      properties: {
        path: { type: 'string' },
        size: { type: 'string', default: '10Gi' },
        claim: { type: 'string' }
      }
    }
  }
};

const PREVIEW: IPlan = {
  cells: [],
  files: [],
  left_out_files: [],
  bytes: 0,
  max_bytes: 1024,
  setup: [],
  imports: [],
  syntax: null,
  language: 'notebook',
  warnings: [],
  errors: []
};

/** What is sent when nothing is typed but a command. */
const UNTOUCHED = {
  framework: 'single',
  nodes: 1,
  skus: 1,
  cpus: 1,
  memory: '2Gi',
  gpus: 0,
  category: 'training',
  peer_timeout: 600,
  ssh: false
};

// The preview is asked for once the form has been still for a while.
const SLOWLY = { timeout: 4000 };

describe('JobForm', () => {
  let table: RequestTable;
  let hub: IHubContext;
  let form: JobForm;
  let submitted: IJob[];

  async function open(
    options: Partial<IJobFormOptions> = {},
    jobs: IJob[] = [],
    answers: RequestTable['answers'] = {}
  ): Promise<void> {
    table = new RequestTable({
      ...jobLists(...jobs),
      'GET schemas': { body: { job: SCHEMA } },
      'GET volumes': {
        body: {
          items: [
            { claim: 'job-a-model', role: 'model', job: 'a' },
            { claim: 'job-a-checkpoint', role: 'checkpoint', job: 'a' }
          ]
        }
      },
      'POST jobs/preview': { body: PREVIEW },
      'POST jobs': { body: job('new') },
      ...answers
    });
    hub = hubContext(table);
    const lease = hub.store.watch();
    await settle();
    lease.dispose();
    form = new JobForm(hub, {
      source: null,
      clone: null,
      cloneName: null,
      image: null,
      draft: null,
      ...options
    });
    submitted = [];
    form.submitted.connect((_, made) => submitted.push(made));
    Widget.attach(form, document.body);
    await settle();
  }

  /** A notebook that is saved. */
  const notebook = (path: string, canSave = true): SourceFile =>
    ({
      path,
      isDirty: false,
      changed: new Signal<object, void>({}),
      saveOrTell: () => Promise.resolve(canSave),
      dispose: () => undefined
    }) as unknown as SourceFile;

  const type = (label: string | RegExp, value: string): void => {
    fireEvent.change(screen.getByLabelText(label), { target: { value } });
  };
  const submit = (): Promise<void> =>
    settle(() =>
      fireEvent.click(screen.getByRole('button', { name: 'Submit job' }))
    );
  const sent = (): { spec: Spec; code_of?: string } =>
    (table.bodies as { spec: Spec; code_of?: string }[])[
      table.bodies.length - 1
    ];

  afterEach(() => act(() => form.dispose()));

  it('sends what is typed into every kind of field', async () => {
    await open({}, [job('a', { project: 'vision' })]);
    type(/^Name\*$/, 'train');
    type('Command', 'python train.py');
    type('Framework', '1');
    type('Nodes', '4');
    type('Project', 'vision');
    type('Time limit: Hours', '1');
    type('Time limit: Seconds', '30');
    type('Wait for nodes: Minutes', '');
    type('InfiniBand', '2');
    type('Category', '0');
    type('Priority', '4');
    fireEvent.click(screen.getByLabelText('SSH'));
    fireEvent.click(screen.getByLabelText('Keep a folder after the job'));
    type('Path', '/out');
    type('Size', '2Gi');
    await submit();
    expect(sent()).toEqual({
      spec: {
        ...UNTOUCHED,
        name: 'train',
        command: ['python', 'train.py'],
        framework: 'horovod',
        nodes: 4,
        project: 'vision',
        time_limit: 3630,
        peer_timeout: undefined,
        ib_network: false,
        category: 'debug',
        priority: 5,
        ssh: true,
        model_volume: { path: '/out', size: '2Gi' }
      }
    });
    expect(submitted.map(({ name }) => name)).toEqual(['new']);
  });

  it('suggests earlier projects, and goes on with the claim of an earlier job', async () => {
    await open({}, [
      job('a', { project: 'vision' }),
      job('b', { project: 'nlp' }),
      job('c', { project: 'nlp' })
    ]);
    expect(
      Array.from(document.querySelectorAll('datalist option')).map(option =>
        option.getAttribute('value')
      )
    ).toEqual(['nlp', 'vision']);
    fireEvent.click(screen.getByLabelText('Keep a folder after the job'));
    type('Volume', 'job-a-model');
    expect(screen.queryByLabelText('Size')).toBeNull();
    expect(form.model.form.spec.model_volume).toMatchObject({
      path: '/model',
      claim: 'job-a-model'
    });
  });

  it('shows what the SKUs of a virtual cluster come to', async () => {
    await open();
    expect(screen.queryByLabelText('SKUs per node')).toBeNull();
    type('Virtual cluster', '0');
    type('SKUs per node', '2');
    const shown = (label: string): string =>
      screen.getByLabelText<HTMLInputElement>(label).value;
    expect(shown('CPUs')).toBe('30');
    expect(shown('Memory')).toBe('240 GiB');
    expect(shown('GPUs')).toBe('2');
    expect(form.model.form.spec).toMatchObject({
      virtual_cluster: 'a800',
      skus: 2
    });
  });

  it('marks the fields that the server refuses, while typing and after', async () => {
    await open({}, [], {
      'POST jobs': {
        status: 422,
        body: {
          message: 'two folders are both at /data',
          reason: 'Invalid',
          details: { field: 'model_volume.path' }
        }
      }
    });
    type(/^Name\*$/, 'train');
    await submit();
    expect(
      document.querySelector('[data-trainhub-field="model_volume"]')!
        .textContent
    ).toContain('Two folders are both at /data.');
    expect(screen.getByLabelText<HTMLInputElement>(/^Name\*$/).value).toBe(
      'train'
    );
    expect(submitted).toEqual([]);
  });

  const ORIGINAL = job('train', {
    run: 'train-89abcdef',
    spec: {
      ...UNTOUCHED,
      name: 'train',
      notebook: 'a/train.ipynb',
      parameters: { rate: 0.1 },
      framework: 'horovod',
      nodes: 3,
      project: 'nlp',
      priority: 7,
      time_limit: 3723,
      ib_network: true,
      model_volume: { path: '/model', size: '1Gi', claim: null },
      env: { SEED: '1' }
    }
  });
  const CLONE = { clone: ORIGINAL, cloneName: 'train' };

  it('clones every field under a free name', async () => {
    await open({ ...CLONE, source: notebook('a/train.ipynb') }, [
      ORIGINAL,
      job('train-2')
    ]);
    await submit();
    expect(sent()).toEqual({
      spec: {
        ...ORIGINAL.spec,
        name: 'train-3',
        model_volume: { path: '/model', size: '1Gi' }
      }
    });
  });

  it('runs the code as submitted when that is chosen', async () => {
    await open({ ...CLONE, source: notebook('a/train.ipynb') }, [ORIGINAL]);
    expect(screen.getByRole('region', { name: 'What will run' })).toBeTruthy();
    fireEvent.click(screen.getByLabelText(/The code as submitted/));
    expect(screen.queryByRole('region', { name: 'What will run' })).toBeNull();
    await submit();
    expect(sent().code_of).toBe('train-89abcdef');
  });

  it('begins a clone without its original from a draft', async () => {
    await open({ ...CLONE, source: notebook('a/train.ipynb') }, [ORIGINAL]);
    type(/^Name\*$/, 'mine');
    fireEvent.click(screen.getByLabelText(/The code as submitted/));
    const { draft } = form.model;
    expect(draft?.spec).not.toHaveProperty('env');
    act(() => form.dispose());
    await open({
      cloneName: 'train',
      source: notebook('a/train.ipynb'),
      draft
    });
    await submit();
    expect(sent()).toMatchObject({
      spec: { name: 'mine', priority: 7 },
      code_of: 'train-89abcdef'
    });
  });

  it('submits nothing that cannot be saved or cannot run', async () => {
    const errors = [{ cell: 0, message: 'it does not parse' }];
    await open({ source: notebook('train.ipynb') }, [], {
      'POST jobs/preview': { body: { ...PREVIEW, errors } }
    });
    await waitFor(() => {
      expect(screen.getAllByRole('button', { name: '1 error' })).toHaveLength(
        2
      );
    }, SLOWLY);
    const button = screen.getByRole<HTMLButtonElement>('button', {
      name: 'Submit job'
    });
    expect(button.disabled).toBe(true);
    act(() => form.dispose());
    await open({ source: notebook('train.ipynb', false) });
    await submit();
    expect(table.asked).not.toContain('POST jobs');
  });

  it('asks what would run as soon as the form is there', async () => {
    await open({ source: notebook('a/My model.ipynb') });
    await waitFor(() => {
      expect(table.asked).toContain('POST jobs/preview');
    }, SLOWLY);
    expect(sent().spec).toMatchObject({
      name: 'My-model',
      notebook: 'a/My model.ipynb'
    });
  });
});
