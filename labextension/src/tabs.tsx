import React, { useRef } from 'react';

/** One tab of {@link Tabs}. */
export interface ITabItem<T extends string> {
  name: T;
  label: string;
  render: () => JSX.Element;
  /** Whether it stays as it is, hidden, once it was seen and another tab is chosen. */
  keep?: boolean;
}

/**
 * Tabs by the ARIA pattern (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/): one stop for the Tab
 * key, arrow keys, Home and End choose.
 */
export function Tabs<T extends string>(props: {
  /** Unique in the page. */
  id: string;
  label: string;
  tabs: ITabItem<T>[];
  selected: T;
  onSelect: (name: T) => void;
}): JSX.Element {
  const { id, tabs, selected, onSelect } = props;
  const kept = useRef(new Set<T>());
  for (const { name, keep } of tabs) {
    if (!keep) {
      kept.current.delete(name);
    } else if (name === selected) {
      kept.current.add(name);
    }
  }
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const at = tabs.findIndex(({ name }) => name === selected);
    const target: number | undefined = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: -1
    }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      const next = tabs[(target + tabs.length) % tabs.length];
      onSelect(next.name);
      document.getElementById(`${id}-${next.name}`)?.focus();
    }
  };
  return (
    <div className="jp-TrainHub-tabs">
      <div
        className="jp-TrainHub-tabList"
        role="tablist"
        aria-label={props.label}
        onKeyDown={onKeyDown}
      >
        {tabs.map(({ name, label }) => (
          <button
            key={name}
            id={`${id}-${name}`}
            role="tab"
            aria-selected={selected === name}
            aria-controls={`${id}-${name}-panel`}
            tabIndex={selected === name ? 0 : -1}
            onClick={() => onSelect(name)}
          >
            {label}
          </button>
        ))}
      </div>
      {tabs
        .filter(({ name }) => name === selected || kept.current.has(name))
        .map(({ name, render }) => (
          <div
            key={name}
            className="jp-TrainHub-tabPanel"
            id={`${id}-${name}-panel`}
            role="tabpanel"
            aria-labelledby={`${id}-${name}`}
            hidden={name !== selected}
          >
            {render()}
          </div>
        ))}
    </div>
  );
}
