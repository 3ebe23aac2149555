import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useCallback, useRef } from 'react';
import { useHub } from '../../context';
import { useSignal } from '../../useSignal';
import { PlannedCell } from './cell';
import { PlanFiles } from './files';
import type { PreviewModel } from './model';
import { PlanPackages } from './packages';
import { focusNextRemark, Remarks, type Show } from './remarks';
import type { IPlan } from './views';

/** Exactly what a job will run, as far as it is known, with what is wrong with it. */
export function PreviewPanel({ model }: { model: PreviewModel }): JSX.Element {
  const hub = useHub();
  const { trans } = hub;
  useSignal(model.changed);
  const panel = useRef<HTMLElement>(null);
  const { source } = model;
  const onShow = useCallback<Show>(
    (cell, line) => {
      const planned = model.plan.answer?.cells.find(
        ({ index }) => index === cell
      );
      void source?.reveal({
        cell,
        id: planned?.id ?? null,
        source: planned?.original ?? null,
        line
      });
    },
    [model, source]
  );
  const { answer: plan, problem, isPending } = model.plan;
  return (
    <section
      className="jp-TrainHub-preview"
      aria-label={trans.__('What will run')}
      aria-busy={isPending}
      ref={panel}
    >
      <h2>{trans.__('What will run')}</h2>
      {source?.isDirty && (
        <p className="jp-TrainHub-notice" role="status">
          {trans.__(
            'This is the saved state of %1. Its changes since are saved before it runs.',
            source.name
          )}
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => void source.saveOrTell(hub)}
          >
            {trans.__('Save')}
          </button>
        </p>
      )}
      {problem && (
        <p className="jp-TrainHub-notice" role="status">
          {trans.__('No preview of this: %1', problem.advice)}
        </p>
      )}
      {isPending && (
        <progress
          className="jp-TrainHub-progress"
          aria-label={trans.__('Asking what will run')}
        />
      )}
      {plan && (
        <>
          <p className="jp-TrainHub-lead" role="status">
            {leadText(plan, trans)}{' '}
            <RemarkCount model={model} within={() => panel.current} />
          </p>
          <Remarks
            errors={plan.errors.filter(isGeneral(plan))}
            warnings={plan.warnings.filter(isGeneral(plan))}
            onShow={onShow}
          />
          <PlanPackages plan={plan} model={model} onShow={onShow} />
          <PlanCells plan={plan} onShow={onShow} />
          {plan.cells.length > 0 && <PlanFiles plan={plan} model={model} />}
        </>
      )}
    </section>
  );
}

function PlanCells(props: { plan: IPlan; onShow: Show }): JSX.Element {
  const { cells, errors, warnings } = props.plan;
  return (
    <ol className="jp-TrainHub-cells">
      {cells.map((cell, position) => {
        const isOfIt = (remark: { cell: number | null }): boolean =>
          remark.cell !== null && remark.cell === cell.index;
        return (
          <PlannedCell
            key={cell.id ?? position}
            cell={cell}
            errors={errors.filter(isOfIt)}
            warnings={warnings.filter(isOfIt)}
            onShow={props.onShow}
          />
        );
      })}
    </ol>
  );
}

/** How many errors and warnings there are; leads to one after the other. */
export function RemarkCount(props: {
  model: PreviewModel;
  /** The panel that shows them. */
  within: () => Element | null;
}): JSX.Element | null {
  const { trans } = useHub();
  useSignal(props.model.changed);
  const { errors, warnings } = props.model.counts;
  const words = [
    errors > 0 && trans._n('%1 error', '%1 errors', errors),
    warnings > 0 && trans._n('%1 warning', '%1 warnings', warnings)
  ].filter(Boolean);
  return words.length > 0 ? (
    <button
      type="button"
      className="jp-TrainHub-remarkCount"
      data-severity-of={errors > 0 ? 'error' : 'warning'}
      title={trans.__('Go to the next of them')}
      onClick={() => {
        const panel = props.within();
        if (panel) {
          focusNextRemark(panel);
        }
      }}
    >
      {words.join(trans.__(', '))}
    </button>
  ) : null;
}

function isGeneral({
  cells
}: IPlan): (remark: { cell: number | null }) => boolean {
  const known = new Set(cells.map(({ index }) => index));
  return ({ cell }) => cell === null || !known.has(cell);
}

function leadText(
  { cells, language }: IPlan,
  trans: TranslationBundle
): string {
  if (language === 'script') {
    return trans.__('A Python script: it runs as it is.');
  }
  return trans._n(
    '%2 of %1 cell runs.',
    '%2 of %1 cells run.',
    cells.length,
    cells.filter(({ action }) => action !== 'skip').length
  );
}
