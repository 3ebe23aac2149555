import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { createElement } from 'react';
import { describeError } from '../api';

/** How many requests are under way at a time. */
const AT_A_TIME = 4;

/** Milliseconds for which good news stay on the screen. */
const SUCCESS_SHOWN = 5_000;

/** What is said of an action on several jobs, given how many are done or have failed, of how many. */
export interface IBulkTexts {
  pending: (done: number, total: number) => string;
  success: (total: number) => string;
  failure: (failed: number, total: number) => string;
}

/**
 * Does the same to several jobs, under a notification that counts them and says at the end which
 * could not be done and why. Resolves to the names for which it succeeded.
 */
export async function forEachJob(
  names: readonly string[],
  action: (name: string) => Promise<void>,
  texts: IBulkTexts,
  trans: TranslationBundle
): Promise<string[]> {
  const total = names.length;
  const waiting = [...names];
  const succeeded: string[] = [];
  const failed: [string, string][] = [];
  const id = Notification.emit(texts.pending(0, total), 'in-progress', {
    autoClose: false
  });
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name; name = waiting.shift()) {
      try {
        await action(name);
        succeeded.push(name);
      } catch (error) {
        failed.push([name, describeError(error)]);
      }
      Notification.update({
        id,
        message: texts.pending(succeeded.length + failed.length, total)
      });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  if (failed.length === 0) {
    Notification.update({
      id,
      message: texts.success(total),
      type: 'success',
      autoClose: SUCCESS_SHOWN
    });
  } else {
    const message = texts.failure(failed.length, total);
    const details = {
      label: trans.__('Details'),
      callback: () => void showFailed(message, failed, trans)
    };
    Notification.update({
      id,
      message,
      type: 'error',
      autoClose: false,
      actions: [details]
    });
  }
  return succeeded;
}

async function showFailed(
  title: string,
  failed: readonly [string, string][],
  trans: TranslationBundle
): Promise<void> {
  await showDialog({
    title,
    body: createElement(
      'ul',
      { className: 'jp-TrainHub-losses' },
      failed.map(([name, why]) =>
        createElement('li', { key: name }, trans.__('%1: %2', name, why))
      )
    ),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}
