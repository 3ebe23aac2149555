import type { IHubContext } from '../../context';
import { ask, textOf } from '../../dialog/ask';
import type { ICopySpec, ITransfer } from '../views';

/** Asks for an image of another registry and begins to copy it. */
export function askForCopy({
  api,
  images,
  trans
}: IHubContext): Promise<ITransfer | null> {
  const prefix = images.registry?.name;
  return ask(
    {
      title: trans.__('Copy an image from a registry'),
      fields: () => [
        {
          name: 'source',
          label: trans.__('Image to copy'),
          help: trans.__(
            'With its registry, such as docker.io/library/python:3.12.'
          )
        },
        {
          name: 'image',
          label: trans.__('Name of the copy'),
          help: trans.__('Where instances and jobs get it from.')
        },
        {
          name: 'source_secret',
          label: trans.__('Secret for the source'),
          help: trans.__(
            'Name of a Secret with the password (kubernetes.io/dockerconfigjson). Left empty: what the site has set.'
          )
        },
        {
          name: 'secret',
          label: trans.__('Secret for the copy'),
          help: trans.__('The same for the registry of the copy.')
        },
        {
          name: 'platforms',
          label: trans.__('Platforms'),
          options: [
            ['all', trans.__('All that the image has')],
            ['this', trans.__('Only the one of the Jupyter server')]
          ]
        },
        {
          name: 'where',
          label: trans.__('Copied by'),
          options: [
            ['auto', trans.__('What has a way to both registries')],
            ['here', trans.__('The Jupyter server')],
            ['cluster', trans.__('A pod of the cluster')]
          ]
        },
        {
          name: 'overwrite',
          label: trans.__('Take the name from the image that has it')
        }
      ],
      values: {
        source: '',
        image: prefix ? `${prefix}/` : '',
        platforms: 'all',
        source_secret: '',
        secret: '',
        where: 'auto',
        overwrite: false
      },
      action: trans.__('Copy')
    },
    values =>
      api.images.copy({
        source: textOf(values.source) ?? '',
        image: textOf(values.image) ?? '',
        platforms: values.platforms as ICopySpec['platforms'],
        source_secret: textOf(values.source_secret),
        secret: textOf(values.secret),
        overwrite: values.overwrite === true,
        where: values.where as ICopySpec['where']
      }),
    trans
  );
}
