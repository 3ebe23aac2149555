import type { IHubContext } from '../../context';
import { ask, textOf } from '../../dialog/ask';
import type { IImage } from '../views';

/** Asks for a second name of an image. Resolves to the image by it; to null when thought better. */
export function askForTag(
  { api, trans }: IHubContext,
  image: string
): Promise<IImage | null> {
  return ask(
    {
      title: trans.__('Another name for the image'),
      fields: () => [
        {
          name: 'new_name',
          label: trans.__('New name'),
          help: trans.__(
            'The image keeps its present name too, until that is deleted.'
          )
        },
        {
          name: 'overwrite',
          label: trans.__('Take the name from the image that has it')
        }
      ],
      values: { new_name: image, overwrite: false },
      action: trans.__('Add name')
    },
    ({ new_name, overwrite }) =>
      api.images.tag(image, textOf(new_name) ?? '', overwrite === true),
    trans
  );
}
