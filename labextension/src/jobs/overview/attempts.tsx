import React from 'react';
import { useHub } from '../../context';
import { PhaseLabel } from '../../phase';
import { asFullSentence } from '../../sentence';
import { PodTable } from '../pods';
import type { IAttempt } from '../views';

/** The attempts before the newest one, each with its pods folded away. */
export function EarlierAttempts(props: {
  attempts: readonly IAttempt[];
}): JSX.Element | null {
  const { trans } = useHub();
  const { attempts } = props;
  return attempts.length === 0 ? null : (
    <section>
      <h2>{trans.__('Earlier attempts')}</h2>
      {[...attempts]
        .sort((a, b) => b.attempt - a.attempt)
        .map(({ attempt, phase, reason, message, pods }) => (
          <details key={attempt} className="jp-TrainHub-more">
            <summary>
              {trans.__('Attempt %1', attempt)} <PhaseLabel phase={phase} />{' '}
              {message ? asFullSentence(message) : reason}
            </summary>
            <div className="jp-TrainHub-tableScroller">
              <PodTable pods={pods} />
            </div>
          </details>
        ))}
    </section>
  );
}
