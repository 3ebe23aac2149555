import { ApiError } from '../../api';
import type { IHubContext } from '../../context';
import { ask, textOf } from '../../dialog/ask';
import type { IField } from '../../dialog/fields';
import type { ITransfer } from '../views';

/** Lets the user pick an archive; resolves to its path, or to null when none was picked. */
export type PickFile = () => Promise<string | null>;

/**
 * Asks which archive to load and begins to.
 *
 * @param path - the archive, where it was chosen already
 * @param pick - picks a file of the file browser; null where there is none
 */
export function askForArchive(
  { api, trans }: IHubContext,
  path: string | null,
  pick: PickFile | null
): Promise<ITransfer | null> {
  const fields = (problem: unknown): IField[] => {
    const entries = entriesOf(problem);
    return [
      {
        name: 'path',
        label: trans.__('Archive'),
        help: trans.__(
          'A file that docker save wrote, or an OCI archive: as the file browser names it, or an absolute path that the site allows.'
        )
      },
      {
        name: 'image',
        label: trans.__('Name of the image'),
        help: trans.__('Left empty: its name in the archive.')
      },
      {
        name: 'entry',
        label: trans.__('Image in the archive'),
        help: trans.__('Needed only where it has several.'),
        ...(entries.length > 0
          ? { options: ['', ...entries].map(name => [name, name] as const) }
          : {})
      },
      {
        name: 'overwrite',
        label: trans.__('Take the name from the image that has it')
      }
    ];
  };
  return ask(
    {
      title: trans.__('Load an image from an archive'),
      fields,
      values: { path: path ?? '', image: '', entry: '', overwrite: false },
      action: trans.__('Load'),
      extra: pick
        ? {
            label: trans.__('Browse…'),
            fill: async (): Promise<Record<string, string>> => {
              const picked = await pick();
              return picked === null ? {} : { path: picked };
            }
          }
        : undefined
    },
    values =>
      api.images.load({
        path: textOf(values.path) ?? '',
        image: textOf(values.image),
        entry: textOf(values.entry),
        overwrite: values.overwrite === true
      }),
    trans
  );
}

/** The images of an archive with several, of which one has to be named. */
function entriesOf(problem: unknown): string[] {
  const entries =
    problem instanceof ApiError ? problem.details.entries : undefined;
  return Array.isArray(entries) ? entries.map(String) : [];
}
