import { ApiError } from '../api';
import { confirmLoss } from '../confirmation';
import type { IHubContext } from '../context';
import { notifyFailure } from '../notifications';
import { asSentence } from '../sentence';
import { askForCopy } from './dialogs/copy';
import { askForArchive, type PickFile } from './dialogs/load';
import { askForExport } from './dialogs/export';
import { askForTag } from './dialogs/tag';
import { notifyTransfer } from './notifications';
import type { ITransfer } from './views';
import { shortName, transferTitle } from './words';

/** What can be done with images, with the questions and notifications that go with it. */
export class ImageActions {
  constructor(private readonly _hub: IHubContext) {}

  /** Takes in a transfer that has just begun and follows it to its end. */
  begin(transfer: ITransfer): void {
    this._hub.store.put(transfer);
    void notifyTransfer(this._hub, transfer);
  }

  /** Asks for an archive and makes an image of it. */
  async load(path: string | null, pick: PickFile | null): Promise<void> {
    this._follow(await askForArchive(this._hub, path, pick));
  }

  /** Asks for an image of another registry and copies it. */
  async copy(): Promise<void> {
    this._follow(await askForCopy(this._hub));
  }

  /** Asks for a file and writes an image to it. */
  async export(image: string, folder: string): Promise<void> {
    this._follow(await askForExport(this._hub, image, folder));
  }

  /** Asks for a second name and gives it to an image. */
  async tag(image: string): Promise<void> {
    if (await askForTag(this._hub, image)) {
      await this._hub.images.refresh();
    }
  }

  /** Deletes an image after asking, and once more where something uses it. */
  async delete(image: string): Promise<void> {
    const { api, images, trans } = this._hub;
    const agreed = await this._confirmDelete(
      image,
      trans.__(
        'Its files are lost, but for those that other images share. This cannot be undone.'
      )
    );
    if (!agreed) {
      return;
    }
    try {
      try {
        await api.images.delete(image);
      } catch (error) {
        const isUsed =
          error instanceof ApiError && error.reason === 'ImageInUse';
        if (!isUsed) {
          throw error;
        }
        const text = trans.__(
          '%1 What uses it will not start again.',
          asSentence(error.message)
        );
        if (!(await this._confirmDelete(image, text))) {
          return;
        }
        await api.images.delete(image, true);
      }
      await images.refresh();
    } catch (error) {
      notifyFailure(
        trans.__('Image %1 could not be deleted.', shortName(image)),
        error,
        trans
      );
    }
  }

  async cancel(id: string): Promise<void> {
    const { api, store, trans } = this._hub;
    await this._act(
      id,
      async () => store.put(await api.transfers.setState(id, 'cancelled')),
      title => trans.__('This could not be cancelled: %1.', title)
    );
  }

  /** Goes on with a transfer that has failed, or begins it anew. */
  async retry(id: string): Promise<void> {
    const { api, trans } = this._hub;
    await this._act(
      id,
      async () => this.begin(await api.transfers.setState(id, 'running')),
      title => trans.__('This could not be tried again: %1.', title)
    );
  }

  /** Takes a transfer that has ended out of the list. */
  async forget(id: string): Promise<void> {
    const { api, store, trans } = this._hub;
    await this._act(
      id,
      async () => {
        await api.transfers.delete(id);
        store.remove('transfer', id);
      },
      title => trans.__('This could not be removed: %1.', title)
    );
  }

  private _follow(transfer: ITransfer | null): void {
    if (transfer) {
      this.begin(transfer);
    }
  }

  private async _act(
    id: string,
    action: () => Promise<void>,
    failure: (title: string) => string
  ): Promise<void> {
    const { store, trans } = this._hub;
    const transfer = store.get('transfer', id);
    try {
      await action();
    } catch (error) {
      const title = transfer ? transferTitle(transfer, trans) : id;
      notifyFailure(failure(title), error, trans);
    }
  }

  private _confirmDelete(image: string, body: string): Promise<boolean> {
    const { trans } = this._hub;
    return confirmLoss(
      {
        title: trans.__('Delete image %1?', shortName(image)),
        body,
        action: trans.__('Delete')
      },
      trans
    );
  }
}
