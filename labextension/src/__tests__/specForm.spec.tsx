import { act, fireEvent, screen } from '@testing-library/react';
import type { JSONSchema7 } from 'json-schema';
import React from 'react';
import { ApiError } from '../api';
import { SpecFormModel } from '../form/model';
import { SpecForm } from '../form/specForm';
import type { Spec } from '../views';
import { renderInHub } from './hub';

const SCHEMA: JSONSchema7 = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', title: 'Name' },
    command: { type: 'array', items: { type: 'string' }, title: 'Command' },
    memory: { type: 'string', default: '2Gi', title: 'Memory' },
    env: {
      type: 'object',
      additionalProperties: { type: 'string' },
      title: 'Environment variables'
    },
    mounts: {
      type: 'array',
      title: 'Folders',
      items: { $ref: '#/$defs/Mount' }
    }
  },
  $defs: {
    Mount: {
      type: 'object',
      title: 'Mount',
      required: ['path'],
      properties: {
        path: { type: 'string', title: 'Path' },
        read_only: { type: 'boolean', default: false, title: 'Read only' },
        nfs: { $ref: '#/$defs/Nfs' }
      }
    },
    Nfs: {
      type: 'object',
      title: 'NFS',
      properties: { server: { type: 'string', title: 'Server' } }
    }
  }
};

const FOLDS = [{ title: 'More settings', names: ['env', 'mounts'] }];

describe('SpecForm', () => {
  let model: SpecFormModel;
  let sent: Spec[];

  beforeEach(async () => {
    sent = [];
    model = new SpecFormModel({ name: 'train' });
    await model.load(async () => SCHEMA);
    renderInHub(
      <SpecForm
        model={model}
        submitLabel="Submit"
        folds={FOLDS}
        onSubmit={() => sent.push(model.spec)}
      />
    );
  });

  function type(label: string | RegExp, value: string): void {
    fireEvent.change(screen.getByLabelText(label), { target: { value } });
  }

  it('sends what was typed, without what was left empty', () => {
    type(/^Name/, 'other');
    type('Command', "python train.py --tag 'a b'");
    fireEvent.click(screen.getByRole('button', { name: 'Add variable' }));
    type('Name 1', 'SEED');
    type('Value of SEED', '1');
    fireEvent.click(screen.getByRole('button', { name: 'Add folder' }));
    type(/^Path/, '/data');
    fireEvent.click(screen.getByRole('button', { name: 'Submit' }));
    expect(sent).toEqual([
      {
        name: 'other',
        command: ['python', 'train.py', '--tag', 'a b'],
        memory: '2Gi',
        env: { SEED: '1' },
        mounts: [{ path: '/data', read_only: false }]
      }
    ]);
  });

  it('shows refusals at their fields, tied to the input, and unfolds them', () => {
    expect(document.querySelector('details')!.open).toBe(false);
    act(() => {
      model.report(
        new ApiError(
          'RANK is set',
          'Invalid',
          {
            field: 'env',
            causes: [
              { field: 'env', message: 'RANK is set' },
              { field: 'memory', message: 'give a unit' }
            ]
          },
          422
        )
      );
    });
    const memory = screen.getByLabelText('Memory');
    const described = memory.getAttribute('aria-describedby')!.split(' ');
    const error = screen.getByText('Give a unit.');
    expect(described).toContain(error.id);
    expect(document.querySelector('details')!.open).toBe(true);
    expect(screen.getByText('RANK is set.')).toBeTruthy();
    expect(screen.getByText('Correct the marked fields.')).toBeTruthy();
  });
});
