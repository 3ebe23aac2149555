import React, { useState } from 'react';
import { useHub } from '../context';
import { Asked } from '../images/browser/asked';
import { useRequest } from '../useRequest';
import { Diff } from './diff';

const FOLDER = 'code/';
const CELLS = `${FOLDER}cells.json`;
/** What TrainHub itself brings. */
const RUNNER = `${FOLDER}run_notebook.py`;

interface ICells {
  notebook: string;
  cells: { index: number | null; id: string; source: string }[];
}

/** The code of a run as it was submitted: the cells of its notebook, or its files. */
export function RunCode({ run }: { run: string }): JSX.Element {
  const { api, trans } = useHub();
  const request = useRequest(() => api.runs.files(run), run);
  return (
    <Asked request={request} wait={trans.__('Fetching…')}>
      {files => {
        const paths = files
          .map(({ path }) => path)
          .filter(path => path.startsWith(FOLDER) && path !== RUNNER);
        return paths.length === 0 ? (
          <p className="jp-TrainHub-empty">
            {trans.__('A command: nothing was sent along with it.')}
          </p>
        ) : (
          <>
            {paths.map(path => (
              <CodeFile key={path} run={run} path={path} />
            ))}
          </>
        );
      }}
    </Asked>
  );
}

function CodeFile(props: { run: string; path: string }): JSX.Element {
  const { api, trans } = useHub();
  const { run, path } = props;
  const request = useRequest(() => api.runs.file(run, path), `${run} ${path}`);
  return (
    <Asked request={request} wait={trans.__('Fetching…')}>
      {text => {
        const cells = path === CELLS ? parseCells(text) : null;
        return (
          <section className="jp-TrainHub-runCode">
            <h3>{cells?.notebook ?? path.slice(FOLDER.length)}</h3>
            {cells ? (
              cells.cells.map(({ id, index, source }) => (
                <CodeText
                  key={id}
                  label={
                    index === null
                      ? trans.__('Parameters')
                      : trans.__('Cell %1', index + 1)
                  }
                  text={source}
                />
              ))
            ) : (
              <CodeText label={path} text={text} />
            )}
          </section>
        );
      }}
    </Asked>
  );
}

function CodeText(props: { label: string; text: string }): JSX.Element {
  return (
    <figure>
      <figcaption>{props.label}</figcaption>
      <pre className="jp-TrainHub-spec" tabIndex={0} aria-label={props.label}>
        {props.text}
      </pre>
    </figure>
  );
}

function parseCells(text: string): ICells | null {
  try {
    const found = JSON.parse(text) as ICells;
    return Array.isArray(found.cells) ? found : null;
  } catch {
    return null;
  }
}

/** What was not committed when a run was submitted; asked for when it is opened. */
export function RunChanges({ run }: { run: string }): JSX.Element {
  const { trans } = useHub();
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="jp-TrainHub-more"
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>{trans.__('Changes that were not committed')}</summary>
      {isOpen && <ChangesText run={run} />}
    </details>
  );
}

function ChangesText({ run }: { run: string }): JSX.Element {
  const { api, trans } = useHub();
  const request = useRequest(() => api.runs.file(run, 'changes.diff'), run);
  return (
    <Asked request={request} wait={trans.__('Fetching…')}>
      {text => (
        <Diff text={text} label={trans.__('Changes that were not committed')} />
      )}
    </Asked>
  );
}
