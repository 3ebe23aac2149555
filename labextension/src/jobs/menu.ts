import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { CommandIDs } from '../commands';
import { openMenuAt } from '../menu';
import { isFinished, type IJob } from './views';

/** Opens the menu of what else can be done to a job, at a button that has the focus again. */
export function openJobMenu(
  button: HTMLElement,
  commands: CommandRegistry,
  { name, phase, pinned, ssh }: IJob
): void {
  const menu = new MenuSvg({ commands });
  const add = (command: string, args: ReadonlyJSONObject = {}): void => {
    menu.addItem({ command, args: { name, ...args } });
  };
  add(CommandIDs.cloneJob);
  add(CommandIDs.resubmitJob);
  add(CommandIDs.pinJob, { pinned: !pinned });
  if (ssh && !isFinished(phase)) {
    add(CommandIDs.showJobSsh);
  }
  menu.addItem({ command: CommandIDs.openTensorBoard, args: { job: name } });
  if (commands.isVisible(CommandIDs.addToTensorBoard)) {
    menu.addItem({ command: CommandIDs.addToTensorBoard, args: { job: name } });
  }
  menu.addItem({ type: 'separator' });
  add(CommandIDs.deleteJob);
  openMenuAt(button, menu);
}
