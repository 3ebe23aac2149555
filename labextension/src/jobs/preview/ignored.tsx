import React, { useId, useState } from 'react';
import { describeError } from '../../api';
import { useHub } from '../../context';
import { Asked } from '../../images/browser/asked';
import { useRequest } from '../../useRequest';

/** Edits what stays out of the jobs of a notebook; JupyterLab itself shows no hidden files. */
export function IgnoredEditor(props: {
  /** Path of the notebook, as the contents API names it. */
  path: string;
  /** Called when it is closed; with true after the file was written. */
  onEnd: (isSaved: boolean) => void;
}): JSX.Element {
  const { api, trans } = useHub();
  const { path, onEnd } = props;
  const request = useRequest(() => api.jobs.ignored(path), path);
  return (
    <Asked request={request} wait={trans.__('Fetching…')}>
      {({ text }) => <Editor path={path} initial={text} onEnd={onEnd} />}
    </Asked>
  );
}

function Editor(props: {
  path: string;
  initial: string;
  onEnd: (isSaved: boolean) => void;
}): JSX.Element {
  const { api, trans } = useHub();
  const { path, initial, onEnd } = props;
  const id = useId();
  const [text, setText] = useState(initial);
  const [problem, setProblem] = useState<string | null>(null);
  const save = async (): Promise<void> => {
    try {
      await api.jobs.ignore(path, text);
      onEnd(true);
    } catch (error) {
      setProblem(describeError(error));
    }
  };
  return (
    <div className="jp-TrainHub-ignored">
      <label htmlFor={id}>
        {trans.__('Files that stay here: .trainhubignore beside the notebook')}
      </label>
      <textarea
        id={id}
        className="jp-mod-styled"
        rows={6}
        spellCheck={false}
        autoFocus
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      {problem !== null && (
        <p className="jp-TrainHub-formError" role="alert">
          {problem}
        </p>
      )}
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        onClick={() => void save()}
      >
        {trans.__('Save')}
      </button>
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => onEnd(false)}
      >
        {trans.__('Cancel')}
      </button>
    </div>
  );
}
