import { Dialog, showDialog } from '@jupyterlab/apputils';
import type React from 'react';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Asks before something is lost; `body` says what. Resolves to whether the user goes on. */
export async function confirmLoss(
  texts: {
    title: string;
    body: string | React.ReactElement;
    action: string;
    /** What can be done first, so that less is lost. */
    first?: { label: string; execute: () => void };
  },
  trans: TranslationBundle
): Promise<boolean> {
  const { first } = texts;
  const result = await showDialog({
    title: texts.title,
    body: texts.body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      ...(first
        ? [Dialog.createButton({ label: first.label, accept: false })]
        : []),
      Dialog.warnButton({ label: texts.action })
    ],
    defaultButton: 0
  });
  if (first && result.button.label === first.label) {
    first.execute();
  }
  return result.button.accept;
}
