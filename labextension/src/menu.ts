import type { Menu } from '@lumino/widgets';

/** Opens a menu at a button, which has the focus again afterwards. */
export function openMenuAt(button: HTMLElement, menu: Menu): void {
  menu.aboutToClose.connect(() => {
    button.focus();
    // The menu goes on to execute the command that was chosen.
    requestAnimationFrame(() => menu.dispose());
  });
  const { left, bottom } = button.getBoundingClientRect();
  menu.open(left, bottom);
}
