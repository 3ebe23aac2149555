import { InputDialog } from '@jupyterlab/apputils';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { notifyFailure } from '../notifications';

/** Asks for a log folder of an instance, with those to choose from that are kept, and opens it. */
export async function openLogFolder(
  { api, commands, store, trans }: IHubContext,
  name: string
): Promise<void> {
  try {
    const { folders } =
      store.get('instance', name) ?? (await api.instances.get(name));
    // A TensorBoard is a pod of its own: what only the instance's pod has is not seen there.
    const items = folders
      .filter(({ kept, source }) => kept === 'kept' && source !== null)
      .map(({ path }) => path);
    const { value } = await InputDialog.getItem({
      title: trans.__('TensorBoard of instance %1', name),
      label: trans.__('Log folder, as the instance sees it:'),
      items,
      current: items[0],
      editable: true,
      okLabel: trans.__('Open')
    });
    const folder = value?.trim();
    if (folder) {
      await commands.execute(CommandIDs.openTensorBoard, {
        instance: name,
        folders: [folder]
      });
    }
  } catch (error) {
    notifyFailure(
      trans.__('Nothing is known of instance %1.', name),
      error,
      trans
    );
  }
}
