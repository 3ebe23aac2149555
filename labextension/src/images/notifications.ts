import { Notification } from '@jupyterlab/apputils';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { joinSentences } from '../sentence';
import { waitFor } from '../waiting';
import { whyText } from '../why';
import { shareOf } from './transfer';
import { isUnderWay, type ITransfer } from './views';
import { transferTitle } from './words';

/** Milliseconds for which a success stays on the screen. */
const SUCCESS_SHOWN = 10_000;

/**
 * Follows a transfer that this page has begun by one notification, from its beginning to its end.
 * Of those begun elsewhere the panel tells.
 */
export async function notifyTransfer(
  hub: IHubContext,
  transfer: ITransfer
): Promise<void> {
  const { commands, store, trans } = hub;
  const { id } = transfer;
  // The attempt before this one is in the store until its next frame.
  const before = store.get('transfer', id);
  const notification = Notification.emit(
    transferTitle(transfer, trans),
    'in-progress',
    {
      autoClose: false,
      actions: [
        {
          label: trans.__('Cancel'),
          callback: event => {
            // It stays until the transfer has ended.
            event.preventDefault();
            void commands.execute(CommandIDs.cancelTransfer, { id });
          }
        }
      ]
    }
  );
  let shown = 0;
  const ended = await waitFor(store, 'transfer', id, now => {
    const percent = Math.floor(100 * (shareOf(now) ?? 0));
    if (isUnderWay(now) && percent > shown) {
      shown = percent;
      Notification.update({ id: notification, progress: percent / 100 });
    }
    return now !== before && !isUnderWay(now);
  });
  // One with a progress bar does not close by itself, so another one tells of the end.
  Notification.dismiss(notification);
  if (ended && ended.phase !== 'Cancelled') {
    const hasFailed = ended.phase === 'Failed';
    Notification.emit(endText(hub, ended), hasFailed ? 'error' : 'success', {
      autoClose: hasFailed ? false : SUCCESS_SHOWN,
      actions: endActions(hub, ended)
    });
  }
}

function endText({ trans }: IHubContext, transfer: ITransfer): string {
  const title = transferTitle(transfer, trans);
  return transfer.phase === 'Failed'
    ? joinSentences([
        trans.__('This has failed: %1.', title),
        whyText({ ...transfer, reason: null, details: null })
      ])
    : trans.__('Done: %1.', title);
}

function endActions(
  { commands, trans }: IHubContext,
  { id, phase, type, resumable, result, image }: ITransfer
): Notification.IAction[] {
  const action = (
    label: string,
    command: string,
    args: { id: string } | { image: string }
  ): Notification.IAction => ({
    label,
    callback: () => void commands.execute(command, args)
  });
  if (phase === 'Failed') {
    return resumable
      ? [action(trans.__('Try again'), CommandIDs.retryTransfer, { id })]
      : [];
  }
  const name = result?.image ?? image;
  return type === 'export' || !name
    ? []
    : [
        action(trans.__('Start an instance…'), CommandIDs.startWithImage, {
          image: name
        }),
        action(trans.__('Use in a job…'), CommandIDs.submitWithImage, {
          image: name
        })
      ];
}
