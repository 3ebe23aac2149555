import { advance, fraction, parseProgress } from '../jobs/log/progress';

describe('parseProgress', () => {
  it.each([
    ['epoch 3/10', { epoch: { done: 3, total: 10 }, step: null }],
    ['Epoch [3/10], loss 0.3', { epoch: { done: 3, total: 10 }, step: null }],
    ['step 40/100', { epoch: null, step: { done: 40, total: 100 } }],
    ['Iteration: 7 of 9', { epoch: null, step: { done: 7, total: 9 } }],
    [
      'epoch=1/2 batch=5/10',
      { epoch: { done: 1, total: 2 }, step: { done: 5, total: 10 } }
    ],
    [
      ' 40%|████      | 40/100 [00:05<00:08,  7.2it/s]',
      { epoch: null, step: { done: 40, total: 100 } }
    ]
  ])('reads %j', (line, progress) => {
    expect(parseProgress(line)).toEqual(progress);
  });

  it.each(['loss 0.5', 'epoch 3', 'saved steps/40/100.pt', 'epoch 11/10'])(
    'finds nothing in %j',
    line => {
      expect(parseProgress(line)).toBeNull();
    }
  );
});

it('is quick about lines that never end', () => {
  for (const part of ['1', '1%|', 'epoch 1 ', 'step ']) {
    expect(parseProgress(part.repeat(300_000))).toBeNull();
  }
});

describe('advance', () => {
  it('keeps the epoch that steps belong to, and forgets steps of the one before', () => {
    const epoch = parseProgress('epoch 2/4')!;
    const step = parseProgress('step 1/2')!;
    const known = advance(epoch, step);
    expect(known).toEqual({ epoch: epoch.epoch, step: step.step });
    expect(advance(known, parseProgress('epoch 3/4')!).step).toBeNull();
  });
});

describe('fraction', () => {
  it('counts steps within their epoch', () => {
    expect(fraction(parseProgress('epoch 3/10 step 50/100')!)).toBeCloseTo(
      0.25
    );
    expect(fraction(parseProgress('epoch 3/10')!)).toBeCloseTo(0.3);
    expect(fraction(parseProgress('step 40/100')!)).toBeCloseTo(0.4);
  });
});
