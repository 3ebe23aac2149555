import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IFolder } from '../views';
import type { ILossText } from './losses';

/** The text of a dialog that asks before something is lost. */
export function LossBody(props: {
  text: ILossText;
  trans: TranslationBundle;
}): JSX.Element {
  const { text, trans } = props;
  return (
    <div className="jp-TrainHub-losses">
      {text.sentences.map(sentence => (
        <p key={sentence}>{sentence}</p>
      ))}
      <Folders title={trans.__('Lost')} folders={text.lost} trans={trans} />
      <Folders title={trans.__('Kept')} folders={text.kept} trans={trans} />
    </div>
  );
}

function Folders(props: {
  title: string;
  folders: IFolder[];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { title, folders, trans } = props;
  return folders.length === 0 ? null : (
    <section>
      <h3>{title}</h3>
      <ul aria-label={title}>
        {folders.map(({ path, title, read_only }) => (
          <li key={path}>
            <code>{path}</code> {title}
            {read_only && ` (${trans.__('read only')})`}
          </li>
        ))}
      </ul>
    </section>
  );
}
