import {
  addIcon,
  ellipsesIcon,
  launchIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { CommandIDs } from '../commands';
import { useHub, useStore } from '../context';
import { ObjectList, type IRow, type IRowAction } from '../panel/list';
import { SectionBar } from '../panel/sectionBar';
import { asSentence } from '../sentence';
import type { ITensorBoard } from '../views';
import { openTensorBoardMenu } from './menu';
import { memoryWords, placeWord } from './words';

/** The TensorBoards in the panel, with those that others have started. */
export function TensorBoardsSection(): JSX.Element {
  const { commands, trans } = useHub();
  const store = useStore();
  const user = store.status?.user ?? null;
  const row = (tensorboard: ITensorBoard): IRow => {
    const { id, folders, phase, message, remedy, owner, where } = tensorboard;
    const open = (): void =>
      void commands.execute(CommandIDs.openTensorBoard, { id, folders });
    const facts = [
      placeWord(where, trans),
      owner && owner !== user ? trans.__('of %1', owner) : '',
      phase === 'Running' ? memoryWords(tensorboard, trans) : ''
    ].filter(Boolean);
    const isFailed = phase === 'Failed';
    return {
      detail: isFailed && message ? asSentence(message) : folders.join(', '),
      note:
        isFailed && remedy ? (
          <span title={remedy}>{remedy}</span>
        ) : (
          <span>{facts.join(' · ')}</span>
        ),
      since: tensorboard.started,
      open,
      actions: actionsOf(tensorboard, open)
    };
  };
  const actionsOf = (
    tensorboard: ITensorBoard,
    open: () => void
  ): IRowAction[] => {
    const { id, name, phase, where } = tensorboard;
    const isUp = phase === 'Running' || phase === 'Starting';
    const run = (command: string) => () =>
      void commands.execute(command, { id });
    const actions: IRowAction[] = [
      {
        label: trans.__('Open TensorBoard %1', name),
        icon: launchIcon,
        execute: open
      },
      isUp
        ? {
            label: trans.__('Stop TensorBoard %1', name),
            icon: stopIcon,
            execute: run(CommandIDs.stopTensorBoard)
          }
        : {
            label: trans.__('Start TensorBoard %1', name),
            icon: runIcon,
            execute: run(CommandIDs.startTensorBoard)
          }
    ];
    if (where !== 'found') {
      actions.push({
        label: trans.__('More for TensorBoard %1', name),
        icon: ellipsesIcon,
        hasMenu: true,
        execute: button => openTensorBoardMenu(button, commands, tensorboard)
      });
    }
    return actions;
  };
  return (
    <>
      <SectionBar
        label={trans.__('Actions on TensorBoards')}
        buttons={[
          {
            command: CommandIDs.newTensorBoard,
            label: trans.__('New TensorBoard…'),
            icon: addIcon
          }
        ]}
      />
      {store.tensorboardProblem && (
        <p className="jp-TrainHub-notice" role="status">
          {trans.__(
            'Those of the cluster are not listed: %1',
            asSentence(store.tensorboardProblem)
          )}
        </p>
      )}
      <ObjectList
        kind="tensorboard"
        label={trans.__('TensorBoards')}
        empty={trans.__(
          'No TensorBoards. Right-click a folder with training logs in the file browser and choose "Open in TensorBoard".'
        )}
        row={row}
      />
    </>
  );
}
