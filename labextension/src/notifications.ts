import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ApiError, describeError } from './api';

/** Milliseconds for which good news stay on the screen. */
const SUCCESS_SHOWN = 5_000;

/** The button of a notification that leads to the thing itself. */
export interface IFollowUp {
  label: string;
  execute: () => void;
}

/**
 * Runs an action that takes a while under a notification: in progress, then success, or an error
 * with a "Details" button.
 *
 * @returns what `action` resolved to; null when it failed, which has been told to the user by then
 */
export async function notifyWhile<T>(
  action: () => Promise<T>,
  texts: { pending: string; success: string; failure: string },
  trans: TranslationBundle,
  followUp?: IFollowUp
): Promise<T | null> {
  const id = Notification.emit(texts.pending, 'in-progress', {
    autoClose: false
  });
  try {
    const result = await action();
    Notification.update({
      id,
      message: texts.success,
      type: 'success',
      autoClose: SUCCESS_SHOWN,
      actions: followUp ? [toAction(followUp)] : []
    });
    return result;
  } catch (error) {
    Notification.update({
      id,
      message: texts.failure,
      type: 'error',
      autoClose: false,
      actions: [detailsOf(error, texts.failure, trans)]
    });
    return null;
  }
}

/** Tells how something that ran on its own has ended. */
export function notifyEnd(
  message: string,
  type: 'success' | 'error' | 'warning',
  followUp: IFollowUp
): void {
  Notification.emit(message, type, {
    autoClose: type === 'success' ? SUCCESS_SHOWN : false,
    actions: [toAction(followUp)]
  });
}

/** Tells of a failure, with a "Details" button. */
export function notifyFailure(
  message: string,
  error: unknown,
  trans: TranslationBundle
): void {
  Notification.emit(message, 'error', {
    autoClose: false,
    actions: [detailsOf(error, message, trans)]
  });
}

function toAction({ label, execute }: IFollowUp): Notification.IAction {
  return { label, callback: execute };
}

function detailsOf(
  error: unknown,
  title: string,
  trans: TranslationBundle
): Notification.IAction {
  return {
    label: trans.__('Details'),
    callback: () => {
      void showDialog({
        title,
        body:
          error instanceof ApiError
            ? `${describeError(error)} (${error.reason})`
            : describeError(error),
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
    }
  };
}
