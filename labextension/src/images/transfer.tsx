import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useRef, useState } from 'react';
import { CommandIDs } from '../commands';
import { useHub, useNow } from '../context';
import { formatDuration } from '../duration';
import { PhaseLabel } from '../phase';
import { formatBytes, formatBytesOf } from '../quantity';
import { whyText } from '../why';
import { Rate } from './rate';
import { isUnderWay, type ITransfer } from './views';
import { stepWord, transferTitle } from './words';

/** Seconds without progress that are worth a word, as when a registry is away. */
const QUIET = 5;

/** A transfer in a list: what it does, how far it is, and what can be done about it. */
export function TransferItem({
  transfer
}: {
  transfer: ITransfer;
}): JSX.Element {
  const { trans } = useHub();
  const title = transferTitle(transfer, trans);
  return (
    <li
      className="jp-TrainHub-transfer"
      data-trainhub-transfer={transfer.id}
      data-trainhub-phase={transfer.phase}
    >
      <div className="jp-TrainHub-itemMain">
        <span className="jp-TrainHub-transferTitle" title={title}>
          {title}
        </span>
        {!isUnderWay(transfer) && <PhaseLabel phase={transfer.phase} />}
      </div>
      <TransferState transfer={transfer} />
    </li>
  );
}

/** How a transfer stands, with its buttons. */
export function TransferState({
  transfer
}: {
  transfer: ITransfer;
}): JSX.Element {
  const { commands, trans } = useHub();
  const { id, phase, resumable } = transfer;
  const title = transferTitle(transfer, trans);
  const button = (command: string, label: string) => (
    <button
      type="button"
      className="jp-TrainHub-addButton"
      aria-label={trans.__('%1: %2', label, title)}
      onClick={() => void commands.execute(command, { id })}
    >
      {label}
    </button>
  );
  if (isUnderWay(transfer)) {
    return (
      <>
        <TransferProgress transfer={transfer} />
        <div className="jp-TrainHub-transferActions">
          {button(CommandIDs.cancelTransfer, trans.__('Cancel'))}
        </div>
      </>
    );
  }
  const why = whyText({ ...transfer, reason: null, details: null });
  return (
    <>
      {why && (
        <p className="jp-TrainHub-transferWhy" data-phase={phase}>
          {why}
        </p>
      )}
      <div className="jp-TrainHub-transferActions">
        {phase !== 'Succeeded' &&
          resumable &&
          button(CommandIDs.retryTransfer, trans.__('Try again'))}
        {button(CommandIDs.forgetTransfer, trans.__('Remove'))}
      </div>
    </>
  );
}

/** How far a transfer is: a bar, and below it files, bytes, rate and what is left. */
export function TransferProgress({
  transfer
}: {
  transfer: ITransfer;
}): JSX.Element {
  const { trans } = useHub();
  const { perSecond, quiet } = useRate(transfer);
  const share = shareOf(transfer);
  // How fast files are counted tells nothing of what comes after.
  const rate = transfer.step === 'measure' ? null : perSecond;
  const facts = [
    ...progressFacts(transfer, rate, trans),
    ...(quiet > QUIET
      ? [trans.__('nothing for %1', formatDuration(quiet, trans))]
      : [])
  ];
  const step = stepWord(transfer, trans);
  return (
    <div className="jp-TrainHub-transferProgress">
      <progress
        className="jp-TrainHub-progress"
        aria-label={transferTitle(transfer, trans)}
        aria-valuetext={[step, ...facts].join(' · ')}
        max={1}
        value={share ?? undefined}
      />
      <div
        className="jp-TrainHub-itemDetail"
        title={transfer.progress.path ?? undefined}
      >
        {[step, ...facts].join(' · ')}
      </div>
    </div>
  );
}

/** How much of a transfer is done, from 0 to 1; null when that cannot be told. */
export function shareOf({ progress, step }: ITransfer): number | null {
  const { bytes, total_bytes, files, total_files } = progress;
  if (step === 'measure' || step === 'verify') {
    return null;
  }
  if (total_bytes) {
    return Math.min(1, bytes / total_bytes);
  }
  return total_files && files !== null
    ? Math.min(1, files / total_files)
    : null;
}

/** What is done, how fast it goes and how long it takes: parts of one line. */
export function progressFacts(
  { progress }: ITransfer,
  perSecond: number | null,
  trans: TranslationBundle
): string[] {
  const { files, total_files, bytes, total_bytes, sent } = progress;
  const left = total_bytes === null ? 0 : total_bytes - bytes;
  return [
    ...(files === null
      ? []
      : [
          total_files
            ? trans.__(
                '%1 of %2 files',
                files.toLocaleString(),
                total_files.toLocaleString()
              )
            : trans._n('%2 file', '%2 files', files, files.toLocaleString())
        ]),
    ...(bytes === 0
      ? []
      : [
          total_bytes
            ? trans.__(
                '%1 of %2',
                formatBytesOf(bytes, total_bytes),
                formatBytes(total_bytes)
              )
            : formatBytes(bytes)
        ]),
    ...(sent === 0 ? [] : [trans.__('%1 sent', formatBytes(sent))]),
    ...(perSecond ? [trans.__('%1 per second', formatBytes(perSecond))] : []),
    ...(perSecond && left > 0
      ? [trans.__('%1 left', formatDuration(left / perSecond, trans))]
      : [])
  ];
}

/**
 * Bytes per second, null until it can be told, and for how many seconds there were none. Each step
 * has a rate of its own.
 */
function useRate({ progress, step }: ITransfer): {
  perSecond: number | null;
  quiet: number;
} {
  const now = useNow(1000);
  const moved = useRef(now);
  const amount = step === 'upload' ? progress.sent : progress.bytes;
  const rate = useRef({ step, rate: new Rate() });
  const [perSecond, setPerSecond] = useState<number | null>(null);
  useEffect(() => {
    if (rate.current.step !== step) {
      rate.current = { step, rate: new Rate() };
    }
    rate.current.rate.add(performance.now(), amount);
    setPerSecond(rate.current.rate.perSecond);
    moved.current = Date.now();
  }, [amount, step]);
  const quiet = Math.max(0, (now - moved.current) / 1000);
  return { perSecond: quiet > QUIET ? null : perSecond, quiet };
}
