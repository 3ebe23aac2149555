import type { ReadonlyJSONObject } from '@lumino/coreutils';

/** The commands of TrainHub. */
export namespace CommandIDs {
  export const openPanel = 'trainhub:open-panel';
  export const refresh = 'trainhub:refresh';
  export const startCluster = 'trainhub:start-cluster';

  export const newInstance = 'trainhub:new-instance';
  export const openInstance = 'trainhub:open-instance';
  export const startInstance = 'trainhub:start-instance';
  export const stopInstance = 'trainhub:stop-instance';
  export const restartInstance = 'trainhub:restart-instance';
  export const openInstanceLogs = 'trainhub:open-instance-logs';
  export const extendInstance = 'trainhub:extend-instance';
  export const openInstanceForm = 'trainhub:open-instance-form';
  export const editInstance = 'trainhub:edit-instance';
  export const cloneInstance = 'trainhub:clone-instance';
  export const deleteInstance = 'trainhub:delete-instance';

  export const submitJob = 'trainhub:submit-job';
  export const submitNotebook = 'trainhub:submit-notebook';
  export const submitNotebookFile = 'trainhub:submit-notebook-file';
  export const previewNotebook = 'trainhub:preview-notebook';
  export const submitAgain = 'trainhub:submit-again';
  export const openJobPreview = 'trainhub:open-job-preview';
  export const submitCommand = 'trainhub:submit-command';
  export const openJobForm = 'trainhub:open-job-form';
  export const showCell = 'trainhub:show-cell';
  export const showNextError = 'trainhub:show-next-error';
  export const cloneJob = 'trainhub:clone-job';
  export const openJob = 'trainhub:open-job';
  export const openLinkedJob = 'trainhub:open-linked-job';
  export const stopJob = 'trainhub:stop-job';
  export const deleteJob = 'trainhub:delete-job';
  export const pinJob = 'trainhub:pin-job';
  export const resubmitJob = 'trainhub:resubmit-job';
  export const showJobSsh = 'trainhub:show-job-ssh';
  export const openJobShell = 'trainhub:open-job-shell';
  export const showJobs = 'trainhub:show-jobs';
  export const showVolumes = 'trainhub:show-volumes';
  export const showRuns = 'trainhub:show-runs';

  export const openTensorBoard = 'trainhub:open-tensorboard';
  export const newTensorBoard = 'trainhub:new-tensorboard';
  export const addToTensorBoard = 'trainhub:add-to-tensorboard';
  export const editTensorBoard = 'trainhub:edit-tensorboard';
  export const startTensorBoard = 'trainhub:start-tensorboard';
  export const stopTensorBoard = 'trainhub:stop-tensorboard';
  export const deleteTensorBoard = 'trainhub:delete-tensorboard';
  export const showTensorBoardLog = 'trainhub:show-tensorboard-log';

  export const showImages = 'trainhub:show-images';
  export const refreshImages = 'trainhub:refresh-images';
  export const saveInstance = 'trainhub:save-instance';
  export const startWithImage = 'trainhub:start-with-image';
  export const submitWithImage = 'trainhub:submit-with-image';
  export const copyImageName = 'trainhub:copy-image-name';
  export const tagImage = 'trainhub:tag-image';
  export const exportImage = 'trainhub:export-image';
  export const deleteImage = 'trainhub:delete-image';
  export const loadImage = 'trainhub:load-image';
  export const loadImageFile = 'trainhub:load-image-file';
  export const copyImage = 'trainhub:copy-image';
  export const cancelTransfer = 'trainhub:cancel-transfer';
  export const retryTransfer = 'trainhub:retry-transfer';
  export const forgetTransfer = 'trainhub:forget-transfer';
}

/** A JSON Schema of log folders. */
const LOG_FOLDERS: ReadonlyJSONObject = {
  type: 'array',
  items: { type: 'string' },
  description:
    'Log folders, `PATH` or `NAME:PATH`, as the contents API names them; the selected ones of the file browser if left out'
};

/** JSON Schemas of what the commands take, for `describedBy`. */
export namespace CommandArguments {
  /** For commands that take nothing. */
  export const none: ReadonlyJSONObject = {
    type: 'object',
    properties: {}
  };

  /** For commands on one named instance or job. */
  export const named: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      name: {
        type: 'string',
        description: 'The name of the instance or job'
      }
    },
    required: ['name']
  };

  /** For opening an instance. */
  export const openInstance: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'The name of the instance' },
      view: {
        type: 'string',
        enum: ['lab', 'ide', 'terminal', 'ssh', 'overview'],
        description: 'The view to show; the last one if left out'
      }
    },
    required: ['name']
  };

  /** For the form of an instance. */
  export const instanceForm: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      mode: { type: 'string', enum: ['new', 'edit', 'clone'] },
      name: {
        type: ['string', 'null'],
        description: 'The name of the instance that is edited or cloned'
      },
      draft: {
        type: ['object', 'null'],
        description: 'What was typed before the page was reloaded'
      },
      image: {
        type: 'string',
        description: 'The image that the form of a new instance begins with'
      }
    },
    required: ['mode']
  };

  /** For keeping an idle instance. */
  export const extendInstance: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'The name of the instance' },
      seconds: {
        type: 'number',
        description:
          'How long it is kept from now; what the site has set if left out'
      }
    },
    required: ['name']
  };

  /** For commands on a notebook file. */
  export const notebook: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      path: {
        type: 'string',
        description:
          'Path of the notebook as the contents API names it; the current one if left out'
      }
    }
  };

  /** For a place in a notebook as it was submitted. */
  export const cell: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      path: {
        type: 'string',
        description: 'Path of the notebook as the contents API names it'
      },
      cell: {
        type: 'integer',
        description: 'The index of the cell, from 0'
      },
      cell_id: { type: ['string', 'null'], description: 'Its id' },
      cell_source: {
        type: ['string', 'null'],
        description: 'Its source, by which it is found if its id is not there'
      },
      lineno: {
        type: ['integer', 'null'],
        description: 'The line to select, from 1'
      }
    },
    required: ['path', 'cell']
  };

  /** For log folders. */
  export const folders: ReadonlyJSONObject = {
    type: 'object',
    properties: { folders: LOG_FOLDERS }
  };

  /** For opening a TensorBoard. */
  export const openTensorBoard: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      folders: LOG_FOLDERS,
      id: {
        type: 'string',
        description: 'The id of a TensorBoard, whose tab may be open'
      },
      job: { type: 'string', description: 'The job whose logs are shown' },
      instance: {
        type: 'string',
        description: 'The instance in which the folders are'
      },
      where: { type: 'string', enum: ['auto', 'local', 'cluster'] },
      name: { type: 'string', description: 'What it is called' }
    }
  };

  /** For adding runs to a TensorBoard that is open. */
  export const addToTensorBoard: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      folders: LOG_FOLDERS,
      job: { type: 'string', description: 'The job whose runs are added' },
      id: {
        type: 'string',
        description:
          'The id of the TensorBoard; it is asked for if left out and several are open'
      }
    }
  };

  /** For saving an instance as an image. */
  export const saveInstance: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      name: {
        type: 'string',
        description:
          'The name of the instance; the one of the current tab if left out, else it is asked for'
      },
      draft: {
        type: ['object', 'null'],
        description: 'What was chosen before the page was reloaded'
      }
    }
  };

  /** For commands on one image. */
  export const image: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      image: {
        type: 'string',
        description: 'The name of the image as pods name it, with its tag'
      }
    },
    required: ['image']
  };

  /** For the page of images. */
  export const images: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      image: {
        type: ['string', 'null'],
        description: 'The image that is chosen'
      },
      view: {
        type: 'string',
        enum: ['about', 'changes', 'recipe', 'fitness'],
        description: 'What is shown of it'
      }
    }
  };

  /** For loading an archive. */
  export const archive: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      path: {
        type: 'string',
        description:
          'Path of the archive as the contents API names it, or an absolute one; it is asked for if left out'
      }
    }
  };

  /** For commands on a transfer. */
  export const transfer: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      id: { type: 'string', description: 'The id of the transfer' }
    },
    required: ['id']
  };

  /** For commands on a TensorBoard. */
  export const tensorboard: ReadonlyJSONObject = {
    type: 'object',
    properties: {
      id: { type: 'string', description: 'The id of the TensorBoard' }
    },
    required: ['id']
  };
}
