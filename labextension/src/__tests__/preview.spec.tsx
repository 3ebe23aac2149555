import { screen, within } from '@testing-library/react';
import React from 'react';
import { PreviewList } from '../jobs/form/preview';
import type { IPreview } from '../views';
import { renderInHub } from './hub';

const PREVIEW: IPreview = {
  cells: [
    {
      index: null,
      id: 'injected-parameters',
      source: 'lr = 0.1',
      action: 'run',
      reason: ''
    },
    {
      index: 1,
      id: 'a',
      source: 'import torch',
      action: 'changed',
      reason: '%matplotlib is left out'
    },
    { index: 3, id: 'b', source: 'th.submit()', action: 'skip', reason: 'tag' }
  ],
  files: [{ name: 'model.py', bytes: 2048 }],
  warnings: [{ cell: null, message: 'The notebook has no parameters.' }],
  errors: [{ cell: 3, message: 'It does not parse.' }]
};

describe('PreviewList', () => {
  beforeEach(() => {
    renderInHub(<PreviewList preview={PREVIEW} />);
  });

  function cell(number: string): ReturnType<typeof within> {
    return within(document.querySelector(`[data-trainhub-cell="${number}"]`)!);
  }

  it('shows each cell in order, and what becomes of it', () => {
    const cells = document.querySelectorAll('.jp-TrainHub-cell');
    expect(
      Array.from(cells).map(item => item.getAttribute('data-action'))
    ).toEqual(['run', 'changed', 'skip']);
    expect(screen.getByText('2 of 3 cells run.')).toBeTruthy();
    expect(cell('parameters').getByText('lr = 0.1')).toBeTruthy();
    // Numbers are those that people count in the notebook, from 1.
    expect(cell('1').getByText('Cell 2')).toBeTruthy();
    expect(cell('1').getByText('%matplotlib is left out')).toBeTruthy();
  });

  it('shows remarks at their cells and general ones above', () => {
    expect(cell('3').getByText('It does not parse.')).toBeTruthy();
    expect(screen.getAllByText('The notebook has no parameters.')).toHaveLength(
      1
    );
    expect(cell('parameters').queryByText(/no parameters/)).toBeNull();
  });

  it('shows the files that go along', () => {
    expect(screen.getByText('model.py').parentElement?.textContent).toBe(
      'model.py 2 KiB'
    );
  });
});
