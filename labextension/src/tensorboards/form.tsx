import type { JSONSchema7 } from 'json-schema';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IHubContext } from '../context';
import { ask, textOf } from '../dialog/ask';
import type { IField, Values } from '../dialog/fields';
import { formatExactly } from '../duration';
import { toQuantity } from '../quantity';
import { FoldersField, foldersOf, type CompleteFolder } from './foldersField';
import type {
  ITensorBoard,
  ITensorBoardOptions,
  ITensorBoardRequest
} from './views';

/** Seconds without use after which a TensorBoard may be made to end; 0 for never. */
const IDLE_CHOICES = [900, 3600, 4 * 3600, 24 * 3600, 0];

/** Asks what a new TensorBoard is to show; resolves to it, or to null when the user gave up. */
export async function askForTensorBoard(
  hub: IHubContext,
  folders: readonly string[],
  complete: CompleteFolder
): Promise<ITensorBoard | null> {
  const { api, trans } = hub;
  const storages = await storageHints(hub);
  return ask(
    {
      title: trans.__('New TensorBoard'),
      fields: () => [
        foldersField(complete, trans),
        {
          name: 'where',
          label: trans.__('Where it runs'),
          options: [
            ['auto', trans.__('Where the folders are')],
            ['local', trans.__('On this machine')],
            ['cluster', trans.__('In a pod of the cluster')]
          ],
          help: storages.length
            ? trans.__(
                'Folders of these storages need a pod: %1.',
                storages.join(' · ')
              )
            : undefined
        },
        {
          name: 'name',
          label: trans.__('Name'),
          help: trans.__(
            'Others find one of the cluster by it. Left empty: the name of the folder.'
          )
        },
        ...optionFields(null, trans)
      ],
      values: {
        folders: folders.join('\n'),
        where: 'auto',
        name: '',
        idle_seconds: '',
        reload_interval: '',
        memory: ''
      },
      action: trans.__('Open')
    },
    values => {
      const name = textOf(values.name);
      return api.tensorboards.open({
        folders: foldersOf(values.folders),
        where: values.where as ITensorBoardRequest['where'],
        ...(name ? { name } : {}),
        ...optionsOf(values)
      });
    },
    trans
  );
}

/**
 * Asks what a TensorBoard is to show from now on.
 *
 * @param change - makes it so; rejects where the server refuses
 */
export async function askForRuns(
  { trans }: IHubContext,
  view: ITensorBoard,
  complete: CompleteFolder,
  change: (
    wanted: ITensorBoardOptions & { folders: string[] }
  ) => Promise<ITensorBoard>
): Promise<ITensorBoard | null> {
  const before: Values = {
    reload_interval: String(view.reload_interval),
    memory: view.memory.limit ? toQuantity(view.memory.limit) : ''
  };
  return ask(
    {
      title: trans.__('Runs of TensorBoard %1', view.name),
      fields: () => [
        foldersField(complete, trans),
        ...optionFields(view.idle_seconds, trans)
      ],
      values: {
        ...before,
        folders: [...view.folders, ''].join('\n'),
        idle_seconds: ''
      },
      focus: '.jp-TrainHub-logFolders > div:last-of-type input',
      action: trans.__('Show')
    },
    values =>
      change({
        folders: foldersOf(values.folders),
        ...optionsOf(values, before)
      }),
    trans
  );
}

function foldersField(
  complete: CompleteFolder,
  trans: TranslationBundle
): IField {
  return {
    name: 'folders',
    label: trans.__('Log folders'),
    help: trans.__(
      'As the file browser names them, absolute, or as pods see them. "name:path" gives runs a name of their own.'
    ),
    editor: props => (
      <FoldersField {...props} complete={complete} trans={trans} />
    )
  };
}

/** @param idle - what is set so far; null for a new one */
function optionFields(idle: number | null, trans: TranslationBundle): IField[] {
  const words = (seconds: number): string =>
    seconds > 0 ? formatExactly(seconds, trans) : trans.__('Never');
  return [
    {
      name: 'idle_seconds',
      label: trans.__('Ends without use after'),
      options: [
        [
          '',
          idle === null
            ? trans.__('What the site has set')
            : trans.__('As it is: %1', words(idle))
        ],
        ...IDLE_CHOICES.map((seconds): [string, string] => [
          String(seconds),
          words(seconds)
        ])
      ]
    },
    {
      name: 'reload_interval',
      label: trans.__('Looks for new data every'),
      help: trans.__('In seconds. Left empty: what the site has set.')
    },
    {
      name: 'memory',
      label: trans.__('Memory at most'),
      help: trans.__('Such as 4Gi. Left empty: what the site has set.')
    }
  ];
}

/** What was chosen, without what is as it was `before`. */
function optionsOf(values: Values, before: Values = {}): ITensorBoardOptions {
  const chosen = (name: string): string | null =>
    values[name] === before[name] ? null : textOf(values[name]);
  const idle = chosen('idle_seconds');
  const interval = chosen('reload_interval');
  const memory = chosen('memory');
  return {
    ...(idle === null ? {} : { idle_seconds: Number(idle) }),
    ...(interval === null ? {} : { reload_interval: Number(interval) }),
    ...(memory === null ? {} : { memory })
  };
}

/** The storages that pods can mount, each with where they see it; none where that is not known. */
async function storageHints({ api }: IHubContext): Promise<string[]> {
  try {
    const { instance } = await api.schemas();
    const storages = instance.properties?.storages as JSONSchema7 | undefined;
    const offered = (storages?.items as JSONSchema7 | undefined)?.oneOf ?? [];
    return (offered as JSONSchema7[]).map(({ const: name, description }) =>
      [name, description].filter(Boolean).join(': ')
    );
  } catch {
    return [];
  }
}
