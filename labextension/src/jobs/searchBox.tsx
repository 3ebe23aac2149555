import React from 'react';
import { useHub } from '../context';

/** Where words are typed that jobs are to have in them. */
export function JobSearch(props: {
  text: string;
  onChange: (text: string) => void;
}): JSX.Element {
  const { trans } = useHub();
  return (
    <input
      type="search"
      className="jp-mod-styled jp-TrainHub-filter"
      aria-label={trans.__('Search jobs')}
      placeholder={trans.__('Search jobs: name, project, priority:5…')}
      value={props.text}
      onChange={({ target }) => props.onChange(target.value)}
    />
  );
}
