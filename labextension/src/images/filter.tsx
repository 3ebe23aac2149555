import React from 'react';
import { useHub } from '../context';

/** Where a text is typed that images are to have in them. */
export function ImageFilter(props: {
  text: string;
  onChange: (text: string) => void;
}): JSX.Element {
  const { trans } = useHub();
  const label = trans.__('Filter images');
  return (
    <input
      type="search"
      className="jp-mod-styled jp-TrainHub-filter"
      aria-label={label}
      placeholder={label}
      value={props.text}
      onChange={({ target }) => props.onChange(target.value)}
    />
  );
}
