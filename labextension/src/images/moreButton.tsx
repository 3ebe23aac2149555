import { ellipsesIcon, MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import React from 'react';
import { CommandIDs } from '../commands';
import { useHub } from '../context';
import { openMenuAt } from '../menu';
import type { IImage } from './views';

/** A button with the menu of what can be done with an image. */
export function MoreButton({ image }: { image: IImage }): JSX.Element {
  const { commands, trans } = useHub();
  const label = trans.__('More for image %1', image.title);
  return (
    <button
      className="jp-TrainHub-iconButton"
      aria-label={label}
      aria-haspopup="menu"
      title={label}
      onClick={({ currentTarget }) => openMenu(currentTarget, commands, image)}
    >
      <ellipsesIcon.react tag="span" aria-hidden="true" />
    </button>
  );
}

/** Opens the menu at a button, which has the focus again afterwards. */
function openMenu(
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
  openMenuAt(button, menu);
}
