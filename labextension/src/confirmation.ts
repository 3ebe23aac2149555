import { Dialog, showDialog } from '@jupyterlab/apputils';
import type React from 'react';
import type { TranslationBundle } from '@jupyterlab/translation';

/** What is asked before something is lost. */
export interface ILossQuestion {
  title: string;
  /** What is lost. */
  body: string | React.ReactElement;
  action: string;
  /** What can be done first, so that less is lost. */
  first?: { label: string; execute: () => void };
  /** What can be lost too, if the user ticks it. */
  option?: string;
}

/** Asks before something is lost. Resolves to whether the user goes on. */
export async function confirmLoss(
  texts: ILossQuestion,
  trans: TranslationBundle
): Promise<boolean> {
  return (await askForLoss(texts, trans)).agreed;
}

/** Asks before something is lost. Resolves to whether the user goes on, and has ticked the option. */
export async function askForLoss(
  texts: ILossQuestion,
  trans: TranslationBundle
): Promise<{ agreed: boolean; option: boolean }> {
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
    checkbox: texts.option
      ? { label: texts.option, checked: false }
      : undefined,
    defaultButton: 0
  });
  if (first && result.button.label === first.label) {
    first.execute();
  }
  return {
    agreed: result.button.accept,
    option: result.isChecked ?? false
  };
}
