import { CommandIDs } from '../commands';
import { runIcon } from '../icons';
import { pagePlugin } from '../pagePlugin';

/** The page with the records of all runs. */
export const runsPlugin = pagePlugin({
  name: 'runs',
  description: 'A command and a tab for records of runs.',
  command: CommandIDs.showRuns,
  icon: runIcon,
  words: trans => ({
    title: trans.__('Runs'),
    label: trans.__('Show records of runs'),
    caption: trans.__(
      'Show what is kept of jobs that ran, compare two runs, submit one again'
    )
  }),
  create: async hub => {
    const { RunsPage } = await import('./widget');
    return new RunsPage(hub);
  }
});
