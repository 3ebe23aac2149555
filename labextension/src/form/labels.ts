import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONSchema7, JSONSchema7Definition } from 'json-schema';

/** What a field is called and what helps to fill it in. */
export interface IFieldLabel {
  title: string;
  help?: string;
}

/** `schema` with the titles and descriptions of its fields, at any depth, in the user's language. */
export function localizeSchema(
  schema: JSONSchema7,
  labels: Record<string, IFieldLabel>
): JSONSchema7 {
  const localizeAll = (
    fields: Record<string, JSONSchema7Definition> = {}
  ): Record<string, JSONSchema7Definition> =>
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        typeof field === 'boolean' ? field : localize(field, labels[name])
      ])
    );
  const localize = (field: JSONSchema7, label?: IFieldLabel): JSONSchema7 => ({
    ...field,
    ...(label ? { title: label.title, description: label.help } : {}),
    ...(field.properties ? { properties: localizeAll(field.properties) } : {})
  });
  return { ...localize(schema), $defs: localizeAll(schema.$defs) };
}

/**
 * The labels of the fields of instances and jobs in the user's language. The schema's own texts
 * are English; they serve for fields that are not listed here.
 */
export function fieldLabels(
  trans: TranslationBundle
): Record<string, IFieldLabel> {
  return {
    name: {
      title: trans.__('Name'),
      help: trans.__('Letters, digits and "_"; in a job also "-".')
    },
    description: {
      title: trans.__('Description'),
      help: trans.__('A note for yourself.')
    },
    notebook: {
      title: trans.__('Notebook'),
      help: trans.__('Its saved state is what runs.')
    },
    args: {
      title: trans.__('Arguments'),
      help: trans.__(
        'What the script gets as its arguments. Quotes work as in a terminal; $NAME is replaced by the variable NAME of the pod.'
      )
    },
    include: {
      title: trans.__('Further files'),
      help: trans.__(
        'Files and folders beside the notebook or script that travel with it, besides the modules that it imports, such as configs/*.yaml or assets.'
      )
    },
    setup: {
      title: trans.__('Install packages'),
      help: trans.__(
        'Install what %pip lines of the notebook name, on each node, before it starts.'
      )
    },
    command: {
      title: trans.__('Command'),
      help: trans.__(
        'The program and its arguments. Quotes work as in a terminal; $NAME is replaced by the variable NAME of the pod. No shell is involved.'
      )
    },
    framework: {
      title: trans.__('Framework'),
      help: trans.__(
        'single: one process on one node. pytorch: processes on all nodes that find each other as torchrun starts them. mpi: the command runs on the first node and reaches the others by mpirun or deepspeed.'
      )
    },
    nodes: {
      title: trans.__('Nodes'),
      help: trans.__('On how many nodes it runs.')
    },
    processes_per_node: {
      title: trans.__('Processes per node'),
      help: trans.__('Left empty: one for each GPU, one when there is none.')
    },
    virtual_cluster: {
      title: trans.__('Virtual cluster'),
      help: trans.__(
        'The group of nodes to run on. CPUs, memory and GPUs are then those of its SKUs. Left empty: any node.'
      )
    },
    skus: {
      title: trans.__('SKUs per node'),
      help: trans.__('How many SKUs of the virtual cluster each node gets.')
    },
    category: {
      title: trans.__('Category'),
      help: trans.__('What kind of work it is. Jobs can be searched for it.')
    },
    project: {
      title: trans.__('Project'),
      help: trans.__('What it belongs to. Jobs can be searched for it.')
    },
    priority: {
      title: trans.__('Priority'),
      help: trans.__("9 goes first. Left empty: the cluster's default.")
    },
    cpus: {
      title: trans.__('CPUs'),
      help: trans.__('Cores for each pod; 0.5 is half a core.')
    },
    memory: {
      title: trans.__('Memory'),
      help: trans.__(
        'For each pod, such as 512Mi or 2Gi. A pod that uses more is ended.'
      )
    },
    gpus: {
      title: trans.__('GPUs'),
      help: trans.__('For each pod.')
    },
    image: {
      title: trans.__('Image'),
      help: trans.__('Container image. Left empty: the one this site has set.')
    },
    gpu_model: {
      title: trans.__('GPU model'),
      help: trans.__('Left empty: any that is free.')
    },
    storages: {
      title: trans.__('Storages'),
      help: trans.__('What is written there is kept.')
    },
    host_network: {
      title: trans.__('Network of the node'),
      help: trans.__(
        'The pod has the addresses and ports of its node; two such pods on a node may collide.'
      )
    },
    always_pull: {
      title: trans.__('Always pull'),
      help: trans.__(
        'Asks the registry for the image at each start, also when the node has one of this name.'
      )
    },
    start: {
      title: trans.__('Starts with'),
      help: trans.__(
        "auto: JupyterLab where the image has it; otherwise Terminal, IDE and SSH work. image: the image's own program, for images without /bin/sh."
      )
    },
    shared_memory: {
      title: trans.__('Shared memory'),
      help: trans.__(
        'Size of /dev/shm, such as 1Gi; it counts as memory. Left empty: the default of the cluster, usually 64Mi.'
      )
    },
    env: {
      title: trans.__('Environment variables'),
      help: trans.__('Set in every pod.')
    },
    mounts: {
      title: trans.__('Folders'),
      help: trans.__('Folders that every pod sees.')
    },
    working_dir: {
      title: trans.__('Working folder'),
      help: trans.__('The folder in which the program starts.')
    },
    parameters: {
      title: trans.__('Parameters'),
      help: trans.__(
        'Values for the variables of the cell tagged "parameters", as JSON or plain text.'
      )
    },
    checkpoint_volume: {
      title: trans.__('Checkpoint volume'),
      help: trans.__(
        'For checkpoints. TRAINHUB_CHECKPOINT_PATH names the folder in every pod.'
      )
    },
    model_volume: {
      title: trans.__('Model volume'),
      help: trans.__(
        'For the model. TRAINHUB_MODEL_PATH names the folder in every pod; its files can be downloaded after the job.'
      )
    },
    time_limit: {
      title: trans.__('Time limit'),
      help: trans.__('After this time the job is ended. Left empty: none.')
    },
    estimated_time: {
      title: trans.__('Estimated run time'),
      help: trans.__('How long you expect it to run. It is not ended for that.')
    },
    restarts: {
      title: trans.__('Restarts'),
      help: trans.__(
        'How often the whole job is started again after a failure. Checkpoints are kept.'
      )
    },
    peer_timeout: {
      title: trans.__('Wait for nodes'),
      help: trans.__(
        'How long its nodes wait for each other before the job fails.'
      )
    },
    ssh: {
      title: trans.__('SSH'),
      help: trans.__('Its pods can be entered by SSH.')
    },
    ib_network: {
      title: trans.__('InfiniBand'),
      help: trans.__(
        'Whether nodes talk over InfiniBand or RoCE, or over Ethernet.'
      )
    },
    path: {
      title: trans.__('Path'),
      help: trans.__('Where the folder appears in the pod.')
    },
    read_only: {
      title: trans.__('Read only')
    },
    host_path: {
      title: trans.__('Folder of the node'),
      help: trans.__('Give one of: folder of the node, claim, NFS.')
    },
    claim: {
      title: trans.__('Claim'),
      help: trans.__('Name of a PersistentVolumeClaim.')
    },
    sub_path: {
      title: trans.__('Folder in the claim')
    },
    nfs: {
      title: trans.__('NFS')
    },
    driver: {
      title: trans.__('Driver'),
      help: trans.__('Name of the CSI driver.')
    },
    fs_type: {
      title: trans.__('File system'),
      help: trans.__("Such as ext4. Left empty: the driver's.")
    },
    attributes: {
      title: trans.__('Attributes'),
      help: trans.__('What the driver wants to know.')
    },
    secret: {
      title: trans.__('Secret'),
      help: trans.__("Name of the Secret with the driver's credentials.")
    },
    server: {
      title: trans.__('Server'),
      help: trans.__('Host name or address of the NFS server.')
    }
  };
}
