import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import React from 'react';
import { confirmLoss } from '../confirmation';
import { HubContext, type IHubContext } from '../context';
import { notifyFailure } from '../notifications';
import { LogTail } from './content';
import type { ITensorBoard } from './views';

/** What can be done with TensorBoards, with the questions and notifications that go with it. */
export class TensorBoardActions {
  constructor(private readonly _hub: IHubContext) {}

  async start(id: string): Promise<void> {
    const { api, store, trans } = this._hub;
    await this._act(
      async () => store.put(await api.tensorboards.setState(id, 'running')),
      trans.__('TensorBoard %1 could not be started.', this._name(id))
    );
  }

  async stop(id: string): Promise<void> {
    const { api, store, trans } = this._hub;
    await this._act(
      async () => store.put(await api.tensorboards.setState(id, 'stopped')),
      trans.__('TensorBoard %1 could not be stopped.', this._name(id))
    );
  }

  /** Forgets it; asks first where others may use it. */
  async delete(id: string): Promise<void> {
    const { api, store, trans } = this._hub;
    const name = this._name(id);
    const isShared = store.get('tensorboard', id)?.where === 'cluster';
    const agreed =
      !isShared ||
      (await confirmLoss(
        {
          title: trans.__('Delete TensorBoard %1?', name),
          body: trans.__(
            'It ends for everybody who uses it. The logs that it shows are kept.'
          ),
          action: trans.__('Delete')
        },
        trans
      ));
    if (agreed) {
      await this._act(
        async () => {
          await api.tensorboards.delete(id);
          store.remove('tensorboard', id);
        },
        trans.__('TensorBoard %1 could not be deleted.', name)
      );
    }
  }

  /**
   * Adds folders to those of a TensorBoard.
   *
   * @param change - makes it so; rejects where the server refuses
   */
  async add(
    { name, folders }: ITensorBoard,
    added: readonly string[],
    change: (wanted: { folders: string[] }) => Promise<ITensorBoard>
  ): Promise<void> {
    const { store, trans } = this._hub;
    const union = [...new Set([...folders, ...added])];
    await this._act(
      async () => store.put(await change({ folders: union })),
      trans.__('The runs could not be added to TensorBoard %1.', name)
    );
  }

  /** Shows the end of what it has written. */
  async showLog(id: string): Promise<void> {
    const { trans } = this._hub;
    await showDialog({
      title: trans.__('Log of TensorBoard %1', this._name(id)),
      body: ReactWidget.create(
        <HubContext.Provider value={this._hub}>
          <LogTail id={id} />
        </HubContext.Provider>
      ),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
  }

  private _name(id: string): string {
    return this._hub.store.get('tensorboard', id)?.name ?? id;
  }

  private async _act(
    action: () => Promise<void>,
    failure: string
  ): Promise<void> {
    try {
      await action();
    } catch (error) {
      notifyFailure(failure, error, this._hub.trans);
    }
  }
}
