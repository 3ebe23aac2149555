import { launchIcon, stopIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { CommandIDs } from '../commands';
import { useHub } from '../context';
import { ObjectList, type IRow } from '../panel/list';
import type { ITensorBoard } from '../views';

/** The TensorBoards in the panel. */
export function TensorBoardsSection(): JSX.Element {
  const { commands, trans } = useHub();
  const row = (tensorboard: ITensorBoard): IRow => {
    const { id, name, folders, phase, message, started } = tensorboard;
    const open = (): void =>
      void commands.execute(CommandIDs.openTensorBoard, { id, folders });
    return {
      detail: phase === 'Failed' && message ? message : folders.join(', '),
      since: started,
      open,
      actions: [
        {
          label: trans.__('Open TensorBoard %1', name),
          icon: launchIcon,
          execute: open
        },
        {
          label: trans.__('Stop TensorBoard %1', name),
          icon: stopIcon,
          execute: () =>
            void commands.execute(CommandIDs.stopTensorBoard, { id })
        }
      ]
    };
  };
  return (
    <ObjectList
      kind="tensorboard"
      label={trans.__('TensorBoards')}
      empty={trans.__(
        'No TensorBoards. Right-click a folder with training logs in the file browser and choose "Open in TensorBoard".'
      )}
      row={row}
    />
  );
}
