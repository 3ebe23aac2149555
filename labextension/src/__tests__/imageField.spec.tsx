import { fireEvent, screen, within } from '@testing-library/react';
import React from 'react';
import { SpecFormModel } from '../form/model';
import { SpecForm } from '../form/specForm';
import { renderInHub } from './hub';
import { ImageBench } from './imageBench';
import { catalogue, image, OFFICIAL } from './imageViews';
import { settle } from './instanceBench';

describe('ImageField', () => {
  it('offers what the site has set and what was saved, each once', async () => {
    const bench = new ImageBench({
      'GET images': {
        body: catalogue(
          OFFICIAL,
          image(),
          image({ name: 'r/older:1', title: 'older:1', created: null })
        )
      }
    });
    const model = new SpecFormModel({});
    await model.load(async () => ({
      type: 'object',
      properties: {
        image: {
          type: 'string',
          choices: [
            { const: OFFICIAL.name, title: 'PyTorch', description: 'with CUDA' }
          ]
        }
      }
    }));
    renderInHub(
      <SpecForm
        model={model}
        submitLabel="Submit"
        onSubmit={() => undefined}
      />,
      bench.hub
    );
    await settle(() => bench.hub.store.watch());
    // The registry is asked when somebody is about to choose.
    expect(bench.asked(/GET images/)).toEqual([]);
    const field = screen.getByRole('combobox');
    await settle(() => field.focus());
    await settle();
    fireEvent.keyDown(field, { key: 'ArrowDown' });
    const options = within(screen.getByRole('listbox')).getAllByRole('option');
    expect(options.map(({ textContent }) => textContent)).toEqual([
      expect.stringMatching(/^PyTorch.*with CUDA · 4 GiB$/),
      expect.stringMatching(/^ada\/desk:1.*1 GiB · from instance desk · /),
      expect.stringMatching(/^older:1/)
    ]);
    fireEvent.click(options[1]);
    expect(model.spec).toEqual({ image: image().name });
  });
});
