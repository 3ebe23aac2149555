import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { FieldsBody, type IField, type Values } from './fields';

/** What a dialog with fields asks for. */
export interface IQuestion {
  title: string;
  /** The fields, which may depend on why the server has refused; null where it has not. */
  fields: (problem: unknown) => IField[];
  values: Values;
  /** The word on the button that sends. */
  action: string;
  /** A CSS selector of the field that has the focus at first; the first one if left out. */
  focus?: string;
  /** A button that fills in some values. */
  extra?: { label: string; fill: () => Promise<Values> };
}

/**
 * Asks for values and sends them, until the server accepts them or the user gives up; why it has
 * refused is told at the fields, with what was typed.
 *
 * @returns what `send` resolved to; null when the user gave up
 */
export async function ask<T>(
  question: IQuestion,
  send: (values: Values) => Promise<T>,
  trans: TranslationBundle
): Promise<T | null> {
  const { title, fields, action, extra, focus = 'input' } = question;
  let { values } = question;
  let problem: unknown = null;
  for (;;) {
    const body = new FieldsBody(fields(problem), values, problem);
    const result = await showDialog({
      title,
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        ...(extra
          ? [Dialog.createButton({ label: extra.label, accept: false })]
          : []),
        Dialog.okButton({ label: action })
      ],
      // What is at fault may be further down than is seen.
      focusNodeSelector: problem === null ? focus : '[aria-invalid="true"]'
    });
    values = body.getValue();
    if (extra && result.button.label === extra.label) {
      values = { ...values, ...(await extra.fill()) };
      continue;
    }
    if (!result.button.accept) {
      return null;
    }
    try {
      return await send(values);
    } catch (error) {
      problem = error;
    }
  }
}

/** A typed text without the spaces around it; null when nothing is left. */
export function textOf(value: string | boolean | undefined): string | null {
  return String(value ?? '').trim() || null;
}
