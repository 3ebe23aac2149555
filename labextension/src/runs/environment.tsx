import React, { useState } from 'react';
import { useHub } from '../context';
import { Asked } from '../images/browser/asked';
import { useRequest } from '../useRequest';
import type { IEnvironment } from './views';

/** Names and values, of which one is typed. */
type Entry = [name: string, value: string];

/** The packages and variables that a run had, with a search. */
export function RunEnvironment({ run }: { run: string }): JSX.Element {
  const { api, trans } = useHub();
  const [text, setText] = useState('');
  const request = useRequest(
    async () =>
      JSON.parse(await api.runs.file(run, 'environment.json')) as IEnvironment,
    run
  );
  const label = trans.__('Search packages and variables');
  return (
    <Asked request={request} wait={trans.__('Fetching…')}>
      {({ packages = {}, variables = {}, ...facts }) => {
        const matches = (entries: object): Entry[] =>
          Object.entries(entries)
            .map(([name, value]): Entry => [name, String(value ?? '')])
            .filter(entry =>
              entry.join(' ').toLowerCase().includes(text.toLowerCase())
            )
            .sort(([a], [b]) => a.localeCompare(b));
        return (
          <>
            <Entries title={trans.__('System')} entries={matches(facts)} />
            <input
              type="search"
              className="jp-mod-styled jp-TrainHub-filter"
              aria-label={label}
              placeholder={label}
              value={text}
              onChange={({ target }) => setText(target.value)}
            />
            <Entries title={trans.__('Packages')} entries={matches(packages)} />
            <Entries
              title={trans.__('Variables')}
              entries={matches(variables)}
            />
          </>
        );
      }}
    </Asked>
  );
}

function Entries(props: { title: string; entries: Entry[] }): JSX.Element {
  const { trans } = useHub();
  const { title, entries } = props;
  return (
    <table className="jp-TrainHub-table jp-TrainHub-specTable">
      <caption>{trans.__('%1 (%2)', title, entries.length)}</caption>
      <tbody>
        {entries.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
