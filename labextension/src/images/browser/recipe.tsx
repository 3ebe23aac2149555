import { InputDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import React from 'react';
import { confirmLoss } from '../../confirmation';
import { useHub, type IHubContext } from '../../context';
import { Copyable } from '../../copyable';
import { notifyFailure } from '../../notifications';
import { useRequest } from '../../useRequest';
import type { IImage } from '../views';
import { Asked } from './asked';

/** The files of a recipe in the order in which they are shown. */
const FILES = ['Dockerfile', 'requirements.txt', 'environment.yml'] as const;

/** Files that make an image like a saved one from its base, to read, copy and save. */
export function Recipe(props: {
  image: IImage;
  contents: Contents.IManager;
}): JSX.Element {
  const hub = useHub();
  const { api, trans } = hub;
  const { image, contents } = props;
  const request = useRequest(() => api.images.recipe(image.name), image.name);
  return (
    <Asked request={request} wait={trans.__('Writing the recipe…')}>
      {recipe => (
        <>
          {recipe.notes.length > 0 && (
            <ul className="jp-TrainHub-notice jp-TrainHub-remarks">
              {recipe.notes.map(note => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
          {FILES.filter(file => recipe[file]).map(file => (
            <section key={file}>
              <Copyable label={file} text={recipe[file]} />
              <button
                className="jp-mod-styled"
                onClick={() => void saveText(hub, contents, file, recipe[file])}
              >
                {trans.__('Save %1…', file)}
              </button>
            </section>
          ))}
        </>
      )}
    </Asked>
  );
}

/** Asks where to save a text among Jupyter's files and saves it; never over a file unasked. */
async function saveText(
  { commands, trans }: IHubContext,
  contents: Contents.IManager,
  file: string,
  text: string
): Promise<void> {
  const { button, value } = await InputDialog.getText({
    title: trans.__('Save %1', file),
    label: trans.__('Path'),
    text: file,
    okLabel: trans.__('Save')
  });
  const path = value?.trim();
  if (!button.accept || !path) {
    return;
  }
  if (await exists(contents, path)) {
    const agreed = await confirmLoss(
      {
        title: trans.__('Replace %1?', PathExt.basename(path)),
        body: trans.__('There is a file of this name. What is in it is lost.'),
        action: trans.__('Replace')
      },
      trans
    );
    if (!agreed) {
      return;
    }
  }
  try {
    await contents.save(path, { type: 'file', format: 'text', content: text });
    await commands.execute('docmanager:open', { path });
  } catch (error) {
    notifyFailure(trans.__('%1 could not be saved.', path), error, trans);
  }
}

async function exists(
  contents: Contents.IManager,
  path: string
): Promise<boolean> {
  try {
    await contents.get(path, { content: false });
    return true;
  } catch {
    return false;
  }
}
