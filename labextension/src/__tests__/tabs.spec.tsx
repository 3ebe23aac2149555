import { fireEvent, screen } from '@testing-library/react';
import React, { useState } from 'react';
import { Tabs } from '../tabs';
import { renderInHub } from './hub';

type Name = 'one' | 'two' | 'three';

function Example({ keep = true }: { keep?: boolean }): JSX.Element {
  const [selected, select] = useState<Name>('one');
  return (
    <Tabs<Name>
      id="example"
      label="Example"
      selected={selected}
      onSelect={select}
      tabs={[
        { name: 'one', label: 'One', render: () => <input />, keep },
        { name: 'two', label: 'Two', render: () => <p>second</p> },
        { name: 'three', label: 'Three', render: () => <p>third</p> }
      ]}
    />
  );
}

function tab(name: string): HTMLElement {
  return screen.getByRole('tab', { name });
}

describe('Tabs', () => {
  it.each([
    ['One', 'ArrowRight', 'Two'],
    ['One', 'ArrowLeft', 'Three'],
    ['Three', 'ArrowRight', 'One'],
    ['Two', 'Home', 'One'],
    ['Two', 'End', 'Three']
  ])('goes from %s by %s to %s', (from, key, to) => {
    renderInHub(<Example />);
    fireEvent.click(tab(from));
    fireEvent.keyDown(tab(from), { key });
    expect(tab(to).getAttribute('aria-selected')).toBe('true');
    expect(document.activeElement).toBe(tab(to));
    // The Tab key stops once at the list.
    const stops = screen.getAllByRole('tab').filter(item => item.tabIndex >= 0);
    expect(stops).toEqual([tab(to)]);
  });

  it('names each panel by its tab', () => {
    renderInHub(<Example />);
    fireEvent.click(tab('Two'));
    expect(screen.getByRole('tabpanel', { name: 'Two' }).textContent).toBe(
      'second'
    );
    expect(tab('Two').getAttribute('aria-controls')).toBe(
      screen.getByRole('tabpanel').id
    );
  });

  it('keeps what is to be kept, hidden, and nothing before it was seen', () => {
    renderInHub(<Example />);
    const input = document.querySelector('input');
    fireEvent.click(tab('Two'));
    expect(document.querySelector('input')).toBe(input);
    expect(screen.queryByRole('textbox')).toBeNull();
    expect(screen.queryByText('third')).toBeNull();
    fireEvent.click(tab('Three'));
    expect(screen.queryByText('second')).toBeNull();
  });

  it('forgets what was kept once it is not to be kept any more', () => {
    const { container } = renderInHub(<Example keep={false} />);
    fireEvent.click(tab('Two'));
    expect(container.querySelector('input')).toBeNull();
  });
});
