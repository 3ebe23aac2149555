import { Dialog, showDialog } from '@jupyterlab/apputils';
import type React from 'react';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Asks before something is lost; `body` says what. Resolves to whether the user goes on. */
export async function confirmLoss(
  texts: {
    title: string;
    body: string | React.ReactElement;
    action: string;
  },
  trans: TranslationBundle
): Promise<boolean> {
  const result = await showDialog({
    title: texts.title,
    body: texts.body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: texts.action })
    ],
    defaultButton: 0
  });
  return result.button.accept;
}
