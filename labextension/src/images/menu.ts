import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { CommandIDs } from '../commands';
import type { IImage } from './views';

/** Opens the menu of what can be done with an image, at a button that has the focus again. */
export function openImageMenu(
  button: HTMLElement,
  commands: CommandRegistry,
  { name, source, deletable }: IImage
): void {
  const menu = new MenuSvg({ commands });
  const add = (command: string, args: ReadonlyJSONObject = {}): void => {
    menu.addItem({ command, args: { image: name, ...args } });
  };
  const addSeparator = (): void => {
    menu.addItem({ type: 'separator' });
  };
  add(CommandIDs.startWithImage);
  add(CommandIDs.submitWithImage);
  addSeparator();
  if (source !== 'official') {
    add(CommandIDs.showImages, { view: 'changes' });
    add(CommandIDs.showImages, { view: 'recipe' });
  }
  add(CommandIDs.showImages, { view: 'fitness' });
  addSeparator();
  add(CommandIDs.copyImageName);
  add(CommandIDs.tagImage);
  add(CommandIDs.exportImage);
  if (deletable) {
    addSeparator();
    add(CommandIDs.deleteImage);
  }
  menu.aboutToClose.connect(() => {
    button.focus();
    // The menu goes on to execute the command that was chosen.
    requestAnimationFrame(() => menu.dispose());
  });
  const { left, bottom } = button.getBoundingClientRect();
  menu.open(left, bottom);
}
