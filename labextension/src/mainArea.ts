import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, type WidgetTracker } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';

/** What a tab of the main area is made of. */
export interface ITab<T extends Widget> {
  /** Unique in the page; a tab that is open already is activated instead. */
  id: string;
  label: string;
  icon: LabIcon;
  create: () => Promise<T>;
  /** Adds to a new tab what is around its content. */
  prepare?: (tab: MainAreaWidget<T>) => Promise<void>;
}

/** Opens a tab in the main area, or activates it where it is open. */
export async function openTab<T extends Widget>(
  shell: JupyterFrontEnd.IShell,
  tracker: WidgetTracker<MainAreaWidget<T>>,
  { id, label, icon, create, prepare }: ITab<T>
): Promise<MainAreaWidget<T>> {
  const find = (): MainAreaWidget<T> | undefined =>
    tracker.find(tab => tab.id === id);
  let tab = find();
  if (!tab) {
    const content = await create();
    // The same tab may have been opened while its code was loading.
    tab = find();
    if (tab) {
      content.dispose();
    } else {
      tab = new MainAreaWidget({ content });
      tab.id = id;
      tab.title.label = label;
      tab.title.caption = label;
      tab.title.icon = icon;
      tab.title.closable = true;
      await prepare?.(tab);
      await tracker.add(tab);
      shell.add(tab, 'main');
    }
  }
  shell.activateById(id);
  return tab;
}
