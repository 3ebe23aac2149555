import { CommandIDs } from '../commands';
import { volumeIcon } from '../icons';
import { pagePlugin } from '../pagePlugin';

/** The page with the volumes of all jobs. */
export const volumesPlugin = pagePlugin({
  name: 'volumes',
  description: 'A command and a tab for what jobs keep.',
  command: CommandIDs.showVolumes,
  icon: volumeIcon,
  words: trans => ({
    title: trans.__('Volumes'),
    label: trans.__('Show volumes of jobs'),
    caption: trans.__(
      'Show the checkpoints and models that jobs have kept, and download them'
    )
  }),
  create: async hub => {
    const { VolumesPage } = await import('./widget');
    return new VolumesPage(hub);
  }
});
