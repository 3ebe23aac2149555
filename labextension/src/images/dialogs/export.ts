import { PathExt } from '@jupyterlab/coreutils';
import type { IHubContext } from '../../context';
import { ask, textOf } from '../../dialog/ask';
import type { IExportSpec, ITransfer } from '../views';
import { shortName } from '../words';

/** Asks for a file, in `folder` at first, and begins to write an image to it. */
export function askForExport(
  { api, trans }: IHubContext,
  image: string,
  folder: string
): Promise<ITransfer | null> {
  const file = `${shortName(image).replace(/[:@]/g, '-')}.tar`;
  return ask(
    {
      title: trans.__('Export %1', shortName(image)),
      fields: () => [
        {
          name: 'path',
          label: trans.__('File'),
          help: trans.__(
            'As the file browser names it, or an absolute path that the site allows.'
          )
        },
        {
          name: 'format',
          label: trans.__('Format'),
          options: [
            [
              'docker',
              trans.__('For docker load, podman load and nerdctl load')
            ],
            ['oci', trans.__('OCI archive')]
          ]
        },
        {
          name: 'overwrite',
          label: trans.__('Replace a file of this name')
        }
      ],
      values: {
        path: PathExt.join(folder, file),
        format: 'docker',
        overwrite: false
      },
      action: trans.__('Export')
    },
    ({ path, format, overwrite }) =>
      api.images.export({
        image,
        path: textOf(path) ?? '',
        format: format as IExportSpec['format'],
        overwrite: overwrite === true
      }),
    trans
  );
}
