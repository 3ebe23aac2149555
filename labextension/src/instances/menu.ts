import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { CommandIDs } from '../commands';
import { openMenuAt } from '../menu';
import type { InstancePhase } from '../views';

/** Opens the menu of what else can be done to an instance, at a button that has the focus again. */
export function openInstanceMenu(
  button: HTMLElement,
  commands: CommandRegistry,
  name: string,
  phase: InstancePhase
): void {
  const menu = new MenuSvg({ commands });
  const add = (command: string): void => {
    menu.addItem({ command, args: { name } });
  };
  if (phase !== 'Stopped' && phase !== 'Stopping') {
    add(CommandIDs.restartInstance);
  }
  if (phase === 'Running') {
    add(CommandIDs.saveInstance);
  }
  add(CommandIDs.openInstanceLogs);
  add(CommandIDs.editInstance);
  add(CommandIDs.cloneInstance);
  menu.addItem({ type: 'separator' });
  add(CommandIDs.deleteInstance);
  openMenuAt(button, menu);
}
