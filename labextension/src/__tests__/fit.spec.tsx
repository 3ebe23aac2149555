import { act, fireEvent, screen } from '@testing-library/react';
import React from 'react';
import { ApiError } from '../api';
import { LiveAnswer } from '../form/liveAnswer';
import { FitColumn } from '../instances/form/fit';
import {
  asTyped,
  formProblem,
  nameless,
  outcomeOf
} from '../instances/form/fitModel';
import type { ICheck, ISize } from '../views';
import { renderInHub } from './hub';
import { check } from './views';

const GI = 2 ** 30;

async function show(answer: ICheck | ApiError): Promise<Partial<ISize>[]> {
  const used: Partial<ISize>[] = [];
  const model = new LiveAnswer<ICheck>(async () => {
    if (answer instanceof ApiError) {
      throw answer;
    }
    return answer;
  }, 0);
  renderInHub(<FitColumn model={model} onUse={size => used.push(size)} />);
  await act(async () => {
    const answered = new Promise<void>(resolve =>
      model.changed.connect(() => model.isPending || resolve())
    );
    model.request({});
    await answered;
  });
  return used;
}

describe('FitColumn', () => {
  it('tells on how many nodes it fits, and what is left of a quota', async () => {
    await show(
      check({
        verdict: 'now',
        message: 'it fits on 2 nodes now',
        nodes_now: 2,
        nodes_total: 3,
        largest: {
          node: 'n1',
          cpus: 8,
          memory: 32 * GI,
          gpus: 1,
          gpu_model: 'P100'
        },
        quota: [
          {
            name: 'team',
            resource: 'requests.memory',
            hard: 64 * GI,
            used: 60 * GI,
            left: 4 * GI,
            needed: 8 * GI,
            fits: false
          }
        ]
      })
    );
    expect(screen.getByRole('status').textContent).toBe(
      'It can start nowIt fits on 2 nodes now.'
    );
    expect(screen.getByText('2 of 3')).toBeTruthy();
    expect(
      screen.getByText('8 CPUs · 32 GiB · 1 GPU P100, on n1')
    ).toBeTruthy();
    expect(screen.getByRole('meter').getAttribute('aria-valuetext')).toBe(
      '8 GiB needed, 4 GiB of 64 GiB left'
    );
    expect(screen.getByText('(too little)')).toBeTruthy();
  });

  it('offers what would start now, and says why not node by node', async () => {
    const used = await show(
      check({
        verdict: 'later',
        suggestion: { cpus: 2, memory: 4 * GI },
        blockers: [{ node: 'n1', reasons: ['3 CPUs are free.'] }]
      })
    );
    expect(
      screen.getByText(/It would start now with 2 CPUs · 4 GiB/)
    ).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Use this' }));
    expect(used).toEqual([{ cpus: 2, memory: 4 * GI }]);
    expect(screen.getByText('3 CPUs are free.')).toBeTruthy();
  });

  it('tells when the cluster is away', async () => {
    await show(new ApiError('the cluster is away', 'ClusterUnavailable'));
    expect(screen.getByRole('status').textContent).toContain(
      'Not known at the moment: The cluster is away.'
    );
  });
});

describe('a check', () => {
  const refusal = {
    field: 'memory',
    message: 'too much',
    remedy: 'Take less.'
  };

  it('marks the field that the cluster refuses, unless it only has to wait', () => {
    const never = check({ verdict: 'never', refusal });
    expect(outcomeOf(never)).toBe('refused');
    expect(formProblem(never)!.details.field).toBe('memory');
    const later = check({ verdict: 'later', refusal });
    expect(outcomeOf(later)).toBe('later');
    expect(formProblem(later)).toBeNull();
    expect(
      formProblem(check({ refusal: { ...refusal, field: null } }))
    ).toBeNull();
  });

  it('says nothing of a name that is not the one of the user', () => {
    const answer = check({
      verdict: 'never',
      refusal: { ...refusal, field: 'name' },
      errors: [{ field: 'name', message: 'too long' }]
    });
    expect(outcomeOf(nameless(answer))).toBe('unknown');
  });

  it('becomes what is typed', () => {
    expect(asTyped({ cpus: 1.5, memory: 3 * GI, gpus: 0 })).toEqual({
      cpus: 1.5,
      memory: '3Gi',
      gpus: 0
    });
    expect(asTyped({ memory: 1.5 * GI })).toEqual({ memory: '1536Mi' });
  });
});
