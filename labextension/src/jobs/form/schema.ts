import type { TranslationBundle } from '@jupyterlab/translation';
import type { UiSchema } from '@rjsf/utils';
import type { JSONSchema7 } from 'json-schema';
import type { IFold } from '../../form/templates';
import { formatBytes, formatCount, parseQuantity } from '../../quantity';
import type { Spec } from '../../views';
import { categoryWord } from '../words';
import type { IClaimChoice } from './volumeField';

/** A virtual cluster as the schema offers it. */
interface IVirtualCluster {
  const: string;
  title: string;
  description?: string;
  /** What one SKU is; memory with its unit. */
  sku: { name: string; cpus: number; memory: string; gpus: number };
  least_skus_multi_node: number;
}

/** The schema of jobs with titles for what it names by words of programs. */
export function titledSchema(
  schema: JSONSchema7,
  trans: TranslationBundle
): JSONSchema7 {
  const { category, framework, priority } = (schema.properties ?? {}) as Record<
    string,
    JSONSchema7 | undefined
  >;
  const { enum: categories, ...rest } = category ?? {};
  const { JobVolume, ...others } = (schema.$defs ?? {}) as Record<
    string,
    JSONSchema7
  >;
  const { size, ...parts } = (JobVolume?.properties ?? {}) as Record<
    string,
    JSONSchema7
  >;
  return {
    ...schema,
    $defs: {
      ...others,
      // With a default in it, the form would make a volume that nobody has asked for.
      JobVolume: {
        ...JobVolume,
        properties: { ...parts, size: { ...size, default: undefined } }
      }
    },
    properties: {
      ...schema.properties,
      ...(categories && {
        category: {
          ...rest,
          oneOf: categories.map(name => ({
            const: name,
            title: categoryWord(String(name), trans)
          }))
        }
      }),
      ...(framework?.oneOf && {
        framework: {
          ...framework,
          // The other ones are names.
          oneOf: (framework.oneOf as JSONSchema7[]).map(choice =>
            choice.const === 'single'
              ? { ...choice, title: trans.__('Single node') }
              : choice
          )
        }
      }),
      ...(priority && {
        priority: {
          ...priority,
          oneOf: [9, 8, 7, 6, 5, 4, 3, 2, 1].map(number => ({
            const: number,
            title: String(number)
          }))
        }
      })
    }
  };
}

/** What the form of a job knows beside the schema. */
export interface IOffer {
  /** Earlier projects. */
  projects: readonly string[];
  /** Claims of earlier jobs by role. */
  claims: Readonly<Record<'checkpoint' | 'model', readonly IClaimChoice[]>>;
}

/** How the fields of a job are edited, given what is typed by now. */
export function jobUi(
  schema: JSONSchema7,
  data: Spec,
  offer: IOffer,
  trans: TranslationBundle
): UiSchema<Spec> {
  const duration = { 'ui:field': 'DurationField' };
  const volume = (role: keyof IOffer['claims'], path: string): UiSchema => ({
    'ui:field': 'VolumeField',
    'ui:options': { claims: offer.claims[role], path }
  });
  return {
    project: {
      'ui:field': 'SuggestionField',
      'ui:options': { suggestions: offer.projects }
    },
    time_limit: duration,
    estimated_time: duration,
    peer_timeout: duration,
    checkpoint_volume: volume('checkpoint', '/checkpoints'),
    model_volume: volume('model', '/model'),
    ib_network: {
      'ui:field': 'ChoiceField',
      'ui:options': {
        choices: [
          { value: undefined, title: trans.__('NCCL chooses') },
          { value: true, title: trans.__('InfiniBand or RoCE') },
          { value: false, title: trans.__('Ethernet') }
        ]
      }
    },
    ...amountsUi(schema, data)
  };
}

/** In a virtual cluster, CPUs, memory and GPUs follow from the SKUs; elsewhere there are no SKUs. */
function amountsUi(schema: JSONSchema7, data: Spec): UiSchema<Spec> {
  const cluster = virtualCluster(schema, data);
  if (!cluster) {
    return { skus: { 'ui:widget': 'hidden' } };
  }
  const skus = Number(data.skus ?? 1) || 1;
  const { cpus, memory, gpus } = cluster.sku;
  const computed = (text: string): UiSchema => ({
    'ui:field': 'ComputedField',
    'ui:options': { computed: text }
  });
  return {
    cpus: computed(formatCount(cpus * skus)),
    memory: computed(formatBytes(parseQuantity(memory) * skus)),
    gpus: computed(String(gpus * skus))
  };
}

/** The virtual cluster that is chosen; undefined when none is. */
export function virtualCluster(
  schema: JSONSchema7,
  data: Spec
): IVirtualCluster | undefined {
  const field = schema.properties?.virtual_cluster as JSONSchema7 | undefined;
  const offered = (field?.oneOf ?? []) as unknown as IVirtualCluster[];
  return offered.find(({ const: name }) => name === data.virtual_cluster);
}

/** The fields of a job that are folded away, by what they are about. */
export function jobFolds(trans: TranslationBundle): IFold[] {
  return [
    {
      title: trans.__('Volumes and folders'),
      names: ['checkpoint_volume', 'model_volume', 'storages', 'mounts']
    },
    {
      title: trans.__('Files and packages'),
      names: ['include', 'setup']
    },
    {
      title: trans.__('Time and restarts'),
      names: ['time_limit', 'estimated_time', 'restarts', 'peer_timeout']
    },
    {
      title: trans.__('Network and access'),
      names: ['ssh', 'ib_network', 'host_network']
    },
    {
      title: trans.__('More settings'),
      names: [
        'description',
        'image',
        'always_pull',
        'processes_per_node',
        'gpu_model',
        'shared_memory',
        'env',
        'working_dir'
      ]
    }
  ];
}
