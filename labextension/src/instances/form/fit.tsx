import type { TranslationBundle } from '@jupyterlab/translation';
import {
  checkIcon,
  errorIcon,
  historyIcon,
  infoIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { useHub } from '../../context';
import type { LiveAnswer } from '../../form/liveAnswer';
import { useSignal } from '../../useSignal';
import type { ICheck, ILargest, IQuota, ISize } from '../../views';
import {
  explain,
  formatAmount,
  outcomeOf,
  outcomeWords,
  sizeWords,
  type Outcome
} from './fitModel';

const ICONS: Record<Outcome, LabIcon> = {
  now: checkIcon,
  later: historyIcon,
  never: errorIcon,
  refused: errorIcon,
  invalid: errorIcon,
  unknown: infoIcon
};

/** Whether what is typed fits into the cluster, now or ever, and what would. */
export function FitColumn(props: {
  model: LiveAnswer<ICheck>;
  onUse: (size: Partial<ISize>) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { model } = props;
  useSignal(model.changed);
  const { answer, problem, isPending } = model;
  const title = trans.__('Does it fit?');
  return (
    <section
      className="jp-TrainHub-fit"
      aria-label={title}
      aria-busy={isPending}
    >
      <h2>{title}</h2>
      {/* One region that is always there: a screen reader hears it only when its words change. */}
      <div role="status" aria-live="polite">
        {problem ? (
          <p className="jp-TrainHub-notice">
            {trans.__('Not known at the moment: %1', problem.advice)}
          </p>
        ) : (
          answer && <Verdict check={answer} />
        )}
      </div>
      {!answer && isPending && (
        <progress className="jp-TrainHub-progress" aria-label={title} />
      )}
      {answer && answer.errors.length === 0 && (
        <Facts check={answer} isOld={problem !== null} onUse={props.onUse} />
      )}
    </section>
  );
}

function Verdict({ check }: { check: ICheck }): JSX.Element {
  const { trans } = useHub();
  const outcome = outcomeOf(check);
  const icon = ICONS[outcome];
  return (
    <div className="jp-TrainHub-verdict" data-verdict={outcome}>
      <icon.react tag="span" aria-hidden="true" />
      <strong>{outcomeWords(outcome, trans)}</strong>
      <p>{explain(check)}</p>
    </div>
  );
}

function Facts(props: {
  check: ICheck;
  isOld: boolean;
  onUse: (size: Partial<ISize>) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { verdict, nodes_now, nodes_when_free, nodes_total, ...check } =
    props.check;
  const { suggestion } = check;
  const of = (nodes: number | null): string | null =>
    nodes === null || nodes_total === null
      ? null
      : trans.__('%1 of %2', nodes, nodes_total);
  return (
    <div className="jp-TrainHub-fitFacts" data-old={props.isOld || undefined}>
      {suggestion && (
        <p className="jp-TrainHub-suggestion">
          {trans.__(
            'It would start now with %1.',
            sizeWords(suggestion, trans)
          )}{' '}
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => props.onUse(suggestion)}
          >
            {trans.__('Use this')}
          </button>
        </p>
      )}
      <dl>
        <Fact term={trans.__('Nodes it fits on now')} text={of(nodes_now)} />
        {verdict !== 'now' && (
          <Fact
            term={trans.__('Nodes it would fit on if they were free')}
            text={of(nodes_when_free)}
          />
        )}
        <Fact
          term={trans.__('Largest that fits now')}
          text={largestWords(check.largest, trans)}
        />
        <Fact
          term={trans.__('Largest that would fit on a free node')}
          text={largestWords(check.largest_when_free, trans)}
        />
      </dl>
      {check.quota.length > 0 && (
        <>
          <h3>{trans.__('Quota')}</h3>
          {check.quota.map(quota => (
            <Quota key={`${quota.name}/${quota.resource}`} quota={quota} />
          ))}
        </>
      )}
      {check.blockers.length > 0 && (
        <details className="jp-TrainHub-more">
          <summary>{trans.__('Why not, node by node')}</summary>
          <ul className="jp-TrainHub-blockers">
            {check.blockers.map(({ node, reasons }) => (
              <li key={node}>
                <strong>{node}</strong> {reasons.join(' ')}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function largestWords(
  largest: ILargest | null,
  trans: TranslationBundle
): string | null {
  return (
    largest && trans.__('%1, on %2', sizeWords(largest, trans), largest.node)
  );
}

function Fact(props: {
  term: string;
  text: string | null;
}): JSX.Element | null {
  return props.text === null ? null : (
    <div>
      <dt>{props.term}</dt>
      <dd>{props.text}</dd>
    </div>
  );
}

/** What of a quota is used, what this would take of it, and what is left. */
function Quota({ quota }: { quota: IQuota }): JSX.Element {
  const { trans } = useHub();
  const { name, resource, hard, used, left, needed, fits } = quota;
  const amount = (value: number): string => formatAmount(resource, value);
  const words = trans.__(
    '%1 needed, %2 of %3 left',
    amount(needed),
    amount(Math.max(0, left)),
    amount(hard)
  );
  const share = (value: number): string =>
    `${hard > 0 ? Math.min(100, (100 * value) / hard) : 100}%`;
  return (
    <div className="jp-TrainHub-quota" title={name}>
      <span>{resource}</span>
      <div
        className="jp-TrainHub-meter"
        role="meter"
        aria-label={trans.__('%1 of quota %2', resource, name)}
        aria-valuemin={0}
        aria-valuemax={hard}
        aria-valuenow={Math.min(hard, used)}
        aria-valuetext={words}
        data-level={fits ? undefined : 'high'}
      >
        <div style={{ width: share(used) }} />
      </div>
      <span>
        {words}
        {!fits && <strong> {trans.__('(too little)')}</strong>}
      </span>
    </div>
  );
}
