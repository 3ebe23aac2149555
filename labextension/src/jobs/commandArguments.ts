import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { JobTabName } from './views';

const TABS: readonly JobTabName[] = [
  'overview',
  'pods',
  'log',
  'events',
  'metrics',
  'files',
  'yaml',
  'shell',
  'run'
];

/** JSON Schemas of what the commands on jobs take, for `describedBy`. */
export namespace JobArguments {
  /** For the page of a job. */
  export const page: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'The name of the job' },
      tab: {
        type: 'string',
        enum: [...TABS],
        description: 'The tab to show; the last one if left out'
      },
      rank: {
        type: ['integer', 'null'],
        description: 'The rank of the pod that the tab is to be about'
      },
      attempt: {
        type: ['integer', 'null'],
        description: 'The attempt whose log is shown; the newest if left out'
      },
      find: {
        type: ['string', 'null'],
        description: 'A text of the log to go to'
      }
    },
    required: ['name']
  };

  /** For the form of a job. */
  export const form: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      notebook: {
        type: 'string',
        description:
          'Path of the notebook to run; a command is asked for if left out'
      },
      clone: {
        type: 'string',
        description: 'The name of a job whose fields the form begins with'
      },
      image: {
        type: 'string',
        description: 'The image that the form begins with'
      },
      draft: {
        type: ['object', 'null'],
        description: 'What was typed before the page was reloaded'
      }
    }
  };

  /** For commands on one job or several. */
  export const some = {
    type: 'object',
    properties: {
      name: {
        type: 'string',
        description:
          'The name of the job; the one of the current tab if left out'
      },
      names: {
        type: 'array',
        items: { type: 'string' },
        description: 'The names of several jobs'
      }
    }
  };

  /** For keeping jobs at the top of lists. */
  export const pin: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      ...some.properties,
      pinned: {
        type: 'boolean',
        description: 'Whether they are kept there; they are if left out'
      }
    }
  };
}
