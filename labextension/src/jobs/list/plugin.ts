import { CommandIDs } from '../../commands';
import { jobIcon } from '../../icons';
import { pagePlugin } from '../../pagePlugin';

/** The page with all jobs. */
export const jobListPlugin = pagePlugin({
  name: 'job-list',
  description: 'A command and a tab for all jobs.',
  command: CommandIDs.showJobs,
  icon: jobIcon,
  words: trans => ({
    title: trans.__('Jobs'),
    label: trans.__('Show all jobs'),
    caption: trans.__('Search, sort, stop, pin and delete jobs in a tab')
  }),
  create: async hub => {
    const { JobsTab } = await import('./widget');
    return new JobsTab(hub);
  }
});
