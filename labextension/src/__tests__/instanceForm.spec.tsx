import { act, fireEvent, screen } from '@testing-library/react';
import type { JSONSchema7 } from 'json-schema';
import React from 'react';
import type { IHubContext } from '../context';
import { SpecForm } from '../form/specForm';
import { Elsewhere } from '../instances/form/elsewhere';
import type { IInstanceFormOptions } from '../instances/form/draft';
import { InstanceFormModel } from '../instances/form/model';
import { Presets } from '../instances/form/presets';
import { hubContext, renderInHub } from './hub';
import { RequestTable, type IAnswer } from './requestTable';
import { check, instance } from './views';

const IMAGES = [
  { const: 'pytorch:2.9', title: 'pytorch:2.9' },
  { const: 'nlp:1', title: 'Language models', description: 'With corpora' }
];

const SCHEMA: JSONSchema7 = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[A-Za-z0-9_]+$', maxLength: 27 },
    cpus: { type: 'number', default: 1 },
    memory: { type: 'string', default: '2Gi' },
    // `choices` is a word of our own.
    image: { type: 'string', choices: IMAGES } as JSONSchema7,
    storages: {
      type: 'array',
      uniqueItems: true,
      items: {
        type: 'string',
        oneOf: [
          { const: 'home', title: 'Home', description: '/home/ada' },
          { const: 'data', title: 'Data', description: '/data, read only' }
        ]
      },
      default: ['home']
    },
    env: { type: 'object', additionalProperties: { type: 'string' } }
  }
};

const PRESETS = [
  {
    name: 'large',
    title: 'Large',
    description: 'For training',
    values: { cpus: 8, memory: '32Gi' }
  }
];

const SCHEMAS: IAnswer = {
  body: { instance: SCHEMA, job: {}, presets: { instance: PRESETS } }
};

const EDITED = instance('x', {
  spec: { name: 'x', cpus: 2, memory: '2Gi', env: { TOKEN: 'secret' } }
});

describe('InstanceFormModel', () => {
  let table: RequestTable;
  let hub: IHubContext;
  let model: InstanceFormModel;

  async function open(
    options: Partial<IInstanceFormOptions> = {},
    answers: RequestTable['answers'] = {}
  ): Promise<void> {
    table = new RequestTable({
      'GET schemas': SCHEMAS,
      'GET instances/x': { body: EDITED },
      'POST instances/check': { body: check({ verdict: 'now' }) },
      ...answers
    });
    hub = hubContext(table);
    model = new InstanceFormModel(hub, {
      mode: 'new',
      name: null,
      draft: null,
      ...options
    });
    await model.load();
  }

  const until = (condition: () => boolean): Promise<void> =>
    new Promise(resolve => {
      const look = (): void => void (condition() && resolve());
      model.changed.connect(look);
      look();
    });

  const put = async (
    changes: Parameters<typeof instance>[1]
  ): Promise<void> => {
    const changed = new Promise<void>(resolve =>
      hub.store.changed.connect(() => resolve())
    );
    hub.store.put({ ...EDITED, ...changes });
    await changed;
  };

  afterEach(() => model.dispose());

  it('asks whether it fits, and marks the fields that the cluster refuses', async () => {
    await open(
      {},
      {
        'POST instances/check': {
          body: check({
            refusal: { field: 'memory', message: 'too much', remedy: null }
          })
        }
      }
    );
    await until(() => model.form.errors.names.length > 0);
    expect(model.form.errors.names).toEqual(['memory']);
    expect(table.bodies).toEqual([
      { name: 'dev', cpus: 1, memory: '2Gi', storages: ['home'] }
    ]);
  });

  it('asks with a name that is possible while the name is not', async () => {
    await open();
    model.fill({ name: 'no-good', cpus: 4 });
    await until(() => model.fit.answer !== null && !model.fit.isPending);
    expect(table.bodies.pop()).toMatchObject({ name: 'dev', cpus: 4 });
  });

  it('sends that no storage is wanted', async () => {
    await open({}, { 'POST instances': { status: 201, body: EDITED } });
    model.fill({ storages: [] });
    await model.submit();
    expect(table.bodies.pop()).toMatchObject({ storages: [] });
  });

  it('clones under a name that is free', async () => {
    await open({ mode: 'clone', name: 'x' });
    expect(model.form.data).toMatchObject({
      name: 'x_2',
      cpus: 2,
      env: { TOKEN: 'secret' }
    });
    // A reload finds them at the instance.
    expect(model.draft?.lostVariables).toBe(false);
  });

  it('keeps what is typed over a reload, without values of variables', async () => {
    await open({ mode: 'edit', name: 'x' });
    model.fill({ cpus: 7, env: { TOKEN: 'other' } });
    const { draft } = model;
    expect(JSON.stringify(draft)).not.toMatch(/TOKEN|secret|other/);
    model.dispose();
    await open({ mode: 'edit', name: 'x', draft });
    expect(model.form.data).toMatchObject({
      cpus: 7,
      env: { TOKEN: 'secret' }
    });
    expect(model.hadVariables).toBe(true);
    expect(model.elsewhere).toBeNull();
  });

  it('notices that the instance was changed while the page was loaded again', async () => {
    await open({ mode: 'edit', name: 'x' });
    const { draft } = model;
    model.dispose();
    await open(
      { mode: 'edit', name: 'x', draft },
      {
        'GET instances/x': {
          body: { ...EDITED, spec: { ...EDITED.spec, cpus: 16 } }
        }
      }
    );
    expect(model.elsewhere).toBe('changed');
  });

  it('sends with which version the editing began, and learns from a conflict', async () => {
    await open(
      { mode: 'edit', name: 'x' },
      {
        'PUT instances/x': {
          status: 409,
          body: {
            message: 'bob has changed it',
            reason: 'Conflict',
            details: { field: 'version', remedy: 'Look again.' }
          }
        }
      }
    );
    const theirs = { ...EDITED, version: '2', spec: { name: 'x', cpus: 16 } };
    table.answers['GET instances/x'] = { body: theirs };
    expect(await model.submit(true)).toBeNull();
    expect(table.bodies.pop()).toMatchObject({ version: '1', restart: true });
    expect(model.elsewhere).toBe('changed');
    expect(model.form.errors.general).toBe('Bob has changed it. Look again.');
    model.keepMine();
    await model.submit();
    expect(table.bodies.pop()).toMatchObject({ version: '2', restart: false });
  });

  it('lets the user choose when the instance is changed elsewhere', async () => {
    await open({ mode: 'edit', name: 'x' });
    model.fill({ cpus: 7 });
    await put({ version: '2' });
    expect(model.elsewhere).toBeNull();
    await put({ version: '3', spec: { ...EDITED.spec, cpus: 16 } });
    renderInHub(<Elsewhere model={model} />, hub);
    expect(screen.getByRole('alert').textContent).toMatch(/changed elsewhere/);
    fireEvent.click(screen.getByText('Show it as it is now'));
    expect(model.form.data.cpus).toBe(16);
    expect(model.elsewhere).toBeNull();
  });

  it('makes a new instance of what was deleted elsewhere', async () => {
    await open(
      { mode: 'edit', name: 'x' },
      { 'POST instances': { status: 201, body: EDITED } }
    );
    await put({});
    hub.store.remove('instance', 'x');
    await until(() => model.elsewhere === 'deleted');
    model.makeNew();
    await model.submit();
    expect(table.asked.at(-1)).toBe('POST instances');
  });

  it('shows presets, storages and images as choices', async () => {
    await open();
    renderInHub(
      <>
        <Presets
          presets={model.presets}
          data={model.form.data}
          onChoose={values => model.fill(values)}
        />
        <SpecForm
          model={model.form}
          submitLabel="Create"
          onSubmit={() => undefined}
        />
      </>,
      hub
    );
    fireEvent.click(screen.getByRole('radio', { name: /Large/ }));
    expect(model.form.data).toMatchObject({ cpus: 8, memory: '32Gi' });

    fireEvent.click(screen.getByRole('checkbox', { name: /Home/ }));
    expect(model.form.data.storages).toEqual([]);
    fireEvent.click(screen.getByRole('checkbox', { name: /Data/ }));
    expect(model.form.data.storages).toEqual(['data']);

    const image = screen.getByRole('combobox', { name: /Image/ });
    fireEvent.change(image, { target: { value: 'LANG' } });
    expect(
      screen.getByRole('option', { name: /Language models.*nlp:1.*corpora/ })
    ).toBeTruthy();
    expect(screen.queryByRole('option', { name: /pytorch/ })).toBeNull();
    fireEvent.keyDown(image, { key: 'ArrowDown' });
    fireEvent.keyDown(image, { key: 'Enter' });
    expect(model.form.data.image).toBe('nlp:1');

    const name = screen.getByLabelText(/^Name/);
    act(() => void fireEvent.change(name, { target: { value: 'a-b c' } }));
    expect(
      screen.getByText(/These characters are not possible: "-" " "/)
    ).toBeTruthy();
    expect(screen.getByText('5 of 27')).toBeTruthy();
  });
});
