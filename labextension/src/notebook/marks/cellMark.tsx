import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { CommandIDs } from '../../commands';
import { HubContext, useHub, type IHubContext } from '../../context';
import {
  CopyButton,
  Evidence,
  Fold,
  Followers,
  Hints,
  LogButton,
  SmallButton,
  SourceLines
} from '../../jobs/failure/parts';
import type { IFailure } from '../../jobs/failure/views';
import {
  errorText,
  fileOf,
  isInterrupted,
  jobWord,
  placeWord,
  whoWord,
  whoWords
} from '../../jobs/failure/words';
import { Diff } from '../../runs/diff';
import { differenceOf } from './difference';
import type { IMark } from './placement';

/** Pixels that are taken from the notebook at most, for what is said above it. */
const HIGHEST = 240;

/** What is said below a cell. */
export class MarkWidget extends ReactWidget {
  /** @param _source - the cell's source as it is now; null where the cell is gone */
  constructor(
    private readonly _hub: IHubContext,
    private readonly _dismiss: (failure: IFailure) => void,
    private readonly _source: (() => string) | null
  ) {
    super();
    this.addClass('jp-TrainHub-marks');
    // Keys pressed on a button are the button's, not the notebook's: Enter would edit the cell.
    this.node.dataset.lmSuppressShortcuts = 'true';
  }

  /** What is shown. */
  set marks(marks: readonly IMark[]) {
    this._marks = marks;
    this.setHidden(marks.length === 0);
    this.update();
  }

  protected render(): JSX.Element {
    return (
      <HubContext.Provider value={this._hub}>
        <div ref={this.onBody}>
          {this._marks.map((mark, index) =>
            mark.isRaised ? (
              <RaisedMark
                key={index}
                mark={mark}
                source={this._source?.() ?? null}
                onDismiss={() => this._dismiss(mark.failure)}
              />
            ) : (
              <p
                key={index}
                className="jp-TrainHub-lightMark"
                role="note"
                data-trainhub-light-mark={mark.failure.job}
              >
                {lightText(mark, this._hub.trans)}
              </p>
            )
          )}
        </div>
      </HubContext.Provider>
    );
  }

  /** Given the element that holds all marks, and null before it goes. */
  protected readonly onBody: React.RefCallback<HTMLElement> = () => undefined;

  private _marks: readonly IMark[] = [];
}

/** The same above a notebook, for cells that are gone. */
export class TopMarks extends MarkWidget {
  dispose(): void {
    this._observer.disconnect();
    super.dispose();
  }

  protected readonly onBody = (body: HTMLElement | null): void => {
    this._observer.disconnect();
    if (body) {
      this._observer.observe(body);
    }
  };

  // A box layout gives no more height than is asked for.
  private readonly _observer = new ResizeObserver(([{ contentRect }]) => {
    this.node.style.minHeight = `${Math.min(contentRect.height, HIGHEST)}px`;
    this.parent?.fit();
  });
}

/** The error of a rank, on the cell that it came from. */
function RaisedMark(props: {
  mark: IMark;
  source: string | null;
  onDismiss: () => void;
}): JSX.Element {
  const { commands, trans } = useHub();
  const { mark, source } = props;
  const { failure, rank, also } = mark;
  const isRoot = rank === failure.root;
  return (
    <section
      className="jp-TrainHub-mark"
      role="note"
      aria-label={trans.__('Error of %1', jobWord(failure, trans))}
      data-trainhub-mark={failure.job}
    >
      <p>{headline(mark, source !== null, trans)}</p>
      <pre className="jp-TrainHub-markError">{errorText(rank, trans)}</pre>
      {also.length > 0 && (
        <p>{trans.__('The same happened to: %1.', whoWords(also, trans))}</p>
      )}
      {source === null ? (
        <LostCell mark={mark} />
      ) : (
        mark.isChanged && <ChangedCell mark={mark} source={source} />
      )}
      {isRoot && <Hints hints={failure.hints} />}
      <div className="jp-TrainHub-failureActions">
        <SmallButton
          label={trans.__('Job page')}
          onClick={() =>
            void commands.execute(CommandIDs.openJob, {
              name: failure.job,
              tab: 'overview'
            })
          }
        />
        <LogButton failure={failure} rank={rank} />
        <CopyButton failure={failure} rank={rank} />
        <SmallButton
          label={trans.__('Dismiss')}
          title={trans.__('Show the errors of this job no longer')}
          onClick={props.onDismiss}
        />
      </div>
      <Evidence rank={rank} />
      {isRoot && <Followers followers={failure.followers} />}
    </section>
  );
}

/** Says that lines are not marked because the cell is another one by now, and what differs. */
function ChangedCell(props: { mark: IMark; source: string }): JSX.Element {
  const { trans } = useHub();
  const { failure, submitted } = props.mark;
  const label = trans.__('What has changed');
  return (
    <>
      <p className="jp-TrainHub-markNote">
        {trans.__(
          'This cell has changed since %1 was submitted.',
          jobWord(failure, trans)
        )}
      </p>
      {submitted !== null && submitted !== props.source && (
        <Fold label={label}>
          <Diff text={differenceOf(submitted, props.source)} label={label} />
        </Fold>
      )}
    </>
  );
}

/** A cell that is not in the notebook any more, as it was submitted. */
function LostCell({ mark }: { mark: IMark }): JSX.Element {
  return (
    <>
      {mark.submitted !== null && (
        <SourceLines source={mark.submitted} lineno={mark.rank.lineno} />
      )}
    </>
  );
}

/** What is said of a cell in which nothing failed: it called what did, or was left there. */
export function lightText(mark: IMark, trans: TranslationBundle): string {
  const { failure, rank, also, lines, isChanged } = mark;
  const job = jobWord(failure, trans);
  const line = isChanged ? undefined : lines[0];
  if (isInterrupted(rank)) {
    const who = whoWords([rank, ...also], trans);
    return line === undefined
      ? trans.__('Here when %1 was ended: %2.', job, who)
      : trans.__('Here, line %3, when %1 was ended: %2.', job, who, line);
  }
  const place = placeWord(rank, fileOf(rank), trans);
  return line === undefined
    ? trans.__('Called from here: the error of %1 in %2.', job, place)
    : trans.__(
        'Called from here, line %3: the error of %1 in %2.',
        job,
        place,
        line
      );
}

/** Who failed, and where. */
export function headline(
  { failure, rank, isChanged }: IMark,
  isThere: boolean,
  trans: TranslationBundle
): string {
  const who = whoWord(rank, trans);
  const job = jobWord(failure, trans);
  if (!isThere) {
    return trans.__(
      '%1 (%2) failed in a cell that is not in this notebook any more:',
      who,
      job
    );
  }
  return rank.lineno === null || isChanged
    ? trans.__('%1 (%2) failed here:', who, job)
    : trans.__('%1 (%2) failed here, line %3:', who, job, rank.lineno);
}
