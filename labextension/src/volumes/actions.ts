import { InputDialog } from '@jupyterlab/apputils';
import { confirmLoss } from '../confirmation';
import type { IHubContext } from '../context';
import { notifyFailure } from '../notifications';
import { formatBytes, parseQuantity, toQuantity } from '../quantity';
import { joinSentences } from '../sentence';
import type { IVolume } from './views';

/** What can be done with volumes, with the questions that go with it. */
export class VolumeActions {
  constructor(private readonly _hub: IHubContext) {}

  /** Asks for a larger size. Resolves to whether it was taken. */
  async resize(volume: IVolume): Promise<boolean> {
    const { api, trans } = this._hub;
    const { claim } = volume;
    const size = volume.capacity ?? volume.size;
    const { value } = await InputDialog.getText({
      title: trans.__('New size of %1', claim),
      label: trans.__(
        'It has %1 and can grow only, such as to %2.',
        formatBytes(size),
        toQuantity(2 * size)
      ),
      text: toQuantity(2 * size),
      pattern: '[0-9]+(\\.[0-9]+)?([kMGTPE]|[KMGTPE]i)?',
      okLabel: trans.__('Resize')
    });
    if (value === null || parseQuantity(value) === volume.size) {
      return false;
    }
    try {
      await api.volumes.resize(claim, value.trim());
      return true;
    } catch (error) {
      const message = trans.__('Volume %1 could not be resized.', claim);
      notifyFailure(message, error, trans);
      return false;
    }
  }

  /** Deletes a volume after asking. Resolves to whether it is done. */
  async delete(volume: IVolume): Promise<boolean> {
    const { api, trans } = this._hub;
    const { claim, job } = volume;
    const agreed = await confirmLoss(
      {
        title: trans.__('Delete volume %1?', claim),
        body: joinSentences([
          job === null ? null : trans.__('It was made for job %1.', job),
          trans.__('All files in it are deleted. This cannot be undone.')
        ]),
        action: trans.__('Delete')
      },
      trans
    );
    if (!agreed) {
      return false;
    }
    try {
      await api.volumes.delete(claim);
      return true;
    } catch (error) {
      const message = trans.__('Volume %1 could not be deleted.', claim);
      notifyFailure(message, error, trans);
      return false;
    }
  }
}
