import React from 'react';
import { useHub } from '../../context';
import { asFullSentence } from '../../sentence';
import type { IRemark } from './views';

/**
 * Shows a place of the file in its editor: the index of a cell, null in a script, and a line of it,
 * from 1.
 */
export type Show = (cell: number | null, line: number | null) => void;

/** What is wrong with a cell, or with the whole; errors first. Each leads to its line. */
export function Remarks(props: {
  errors: readonly IRemark[];
  warnings: readonly IRemark[];
  onShow: Show;
}): JSX.Element | null {
  const { trans } = useHub();
  const { errors, warnings, onShow } = props;
  const items = [
    ...errors.map(remark => ({
      remark,
      severity: 'error',
      word: trans.__('Error:')
    })),
    ...warnings.map(remark => ({
      remark,
      severity: 'warning',
      word: trans.__('Warning:')
    }))
  ];
  return items.length > 0 ? (
    <ul className="jp-TrainHub-planRemarks">
      {items.map(({ remark, severity, word }, position) => (
        <li key={position} data-severity={severity}>
          <RemarkText remark={remark} onShow={onShow}>
            <strong>{word}</strong> {asFullSentence(remark.message)}
          </RemarkText>
        </li>
      ))}
    </ul>
  ) : null;
}

function RemarkText(props: {
  remark: IRemark;
  onShow: Show;
  children: React.ReactNode;
}): JSX.Element {
  const { trans } = useHub();
  const { cell, line = null } = props.remark;
  return cell === null && line === null ? (
    // It can have the focus, as the others can.
    <span tabIndex={-1}>{props.children}</span>
  ) : (
    <button
      type="button"
      className="jp-TrainHub-remark"
      title={trans.__('Show it in the editor')}
      onClick={() => props.onShow(cell, line)}
    >
      {props.children}
    </button>
  );
}

/** Moves the focus to the next remark below `panel`, the errors first, round at the end. */
export function focusNextRemark(panel: Element): void {
  const errors = panel.querySelectorAll<HTMLElement>(
    '[data-severity="error"] > *'
  );
  const all = panel.querySelectorAll<HTMLElement>('[data-severity] > *');
  const remarks = Array.from(errors.length > 0 ? errors : all);
  const current = remarks.findIndex(
    remark => remark === document.activeElement
  );
  const next = remarks[(current + 1) % remarks.length];
  next?.closest('details')?.setAttribute('open', '');
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'center' });
}
