import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { CommandIDs } from '../commands';
import { openMenuAt } from '../menu';
import type { ITensorBoard } from './views';

/** Opens the menu of what else can be done to a TensorBoard, at a button that has the focus again. */
export function openTensorBoardMenu(
  button: HTMLElement,
  commands: CommandRegistry,
  { id }: ITensorBoard
): void {
  const menu = new MenuSvg({ commands });
  for (const command of [
    CommandIDs.editTensorBoard,
    CommandIDs.showTensorBoardLog
  ]) {
    menu.addItem({ command, args: { id } });
  }
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.deleteTensorBoard, args: { id } });
  openMenuAt(button, menu);
}
