import { Clipboard } from '@jupyterlab/apputils';
import React, { useState } from 'react';
import { CommandIDs } from '../../commands';
import { useHub } from '../../context';
import { asFullSentence } from '../../sentence';
import type { IFailure, IHint, IRankFailure } from './views';
import {
  errorText,
  fileOf,
  placeWord,
  reportText,
  whoWord,
  withoutColours
} from './words';

/** Lines of a source that are shown before and behind the one at fault. */
const AROUND = 2;

/** A small button of a row. */
export function SmallButton(props: {
  label: string;
  /** What it does, where the label does not say it all. */
  title?: string;
  onClick: () => void;
}): JSX.Element {
  return (
    <button
      className="jp-TrainHub-addButton"
      title={props.title}
      onClick={props.onClick}
    >
      {props.label}
    </button>
  );
}

/** Something long that is folded away. */
export function Fold(props: {
  label: string;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <details className="jp-TrainHub-more">
      <summary>{props.label}</summary>
      {props.children}
    </details>
  );
}

/** What would do, the most telling first. */
export function Hints(props: { hints: readonly IHint[] }): JSX.Element | null {
  return props.hints.length === 0 ? null : (
    <ul className="jp-TrainHub-failureHints">
      {props.hints.map(({ id, title, remedy, line }) => (
        <li key={id} title={line ?? undefined}>
          <strong>{asFullSentence(title)}</strong>{' '}
          {remedy && asFullSentence(remedy)}
        </li>
      ))}
    </ul>
  );
}

/** The lines of a source around the one at fault, with their numbers. */
export function SourceLines(props: {
  source: string;
  lineno: number | null;
}): JSX.Element {
  const { trans } = useHub();
  const lines = props.source.split('\n');
  const at = props.lineno ?? 1;
  const first = Math.max(1, at - AROUND);
  return (
    <pre
      className="jp-TrainHub-failureSource"
      tabIndex={0}
      aria-label={trans.__('Source')}
    >
      {lines.slice(first - 1, at + AROUND).map((line, index) => {
        const number = first + index;
        return (
          <span
            key={number}
            data-number={number}
            aria-current={number === props.lineno ? 'true' : undefined}
          >
            {`${line}\n`}
          </span>
        );
      })}
    </pre>
  );
}

/** The traceback and the log around it, folded. */
export function Evidence({ rank }: { rank: IRankFailure }): JSX.Element {
  const { trans } = useHub();
  const { traceback, log } = rank;
  return (
    <>
      {traceback && (
        <Fold label={trans.__('Traceback')}>
          <pre tabIndex={0} aria-label={trans.__('Traceback')}>
            {withoutColours(traceback)}
          </pre>
        </Fold>
      )}
      {log && log.lines.length > 0 && (
        <Fold label={trans.__('Log around it')}>
          <pre tabIndex={0} aria-label={trans.__('Log around it')}>
            {log.lines.map((line, index) => (
              <span
                key={index}
                aria-current={index === log.at ? 'true' : undefined}
              >
                {`${withoutColours(line)}\n`}
              </span>
            ))}
          </pre>
        </Fold>
      )}
    </>
  );
}

/** The ranks that failed because another one did, folded. */
export function Followers(props: {
  followers: readonly IRankFailure[];
}): JSX.Element | null {
  const { trans } = useHub();
  const { followers } = props;
  return followers.length === 0 ? null : (
    <Fold
      label={trans._n(
        '%1 other rank stopped because of it',
        '%1 other ranks stopped because of it',
        followers.length
      )}
    >
      <ul>
        {followers.map((rank, index) => (
          <li key={index}>
            {[whoWord(rank, trans), placeWord(rank, fileOf(rank), trans)]
              .filter(Boolean)
              .join(', ')}
            {': '}
            <code>{errorText(rank, trans)}</code>
          </li>
        ))}
      </ul>
    </Fold>
  );
}

interface IOneRank {
  failure: IFailure;
  rank: IRankFailure;
}

/** Opens the log of the rank's node at the place where it failed. */
export function LogButton({ failure, rank }: IOneRank): JSX.Element {
  const { commands, trans } = useHub();
  return (
    <SmallButton
      label={trans.__('Log')}
      title={trans.__('Open the log where it failed')}
      onClick={() =>
        void commands.execute(CommandIDs.openJob, {
          name: failure.job,
          tab: 'log',
          rank: rank.node_rank,
          attempt: failure.attempt,
          find: errorText(rank, trans).split('\n')[0]
        })
      }
    />
  );
}

/** Copies the error with its traceback. */
export function CopyButton({ failure, rank }: IOneRank): JSX.Element {
  const { trans } = useHub();
  const [isCopied, setIsCopied] = useState(false);
  return (
    <SmallButton
      label={isCopied ? trans.__('Copied') : trans.__('Copy')}
      title={trans.__('Copy the error with its traceback')}
      onClick={() => {
        Clipboard.copyToSystem(reportText(failure, rank, trans));
        setIsCopied(true);
      }}
    />
  );
}
