import React from 'react';
import { CommandButton } from '../../commandButton';
import { CommandIDs } from '../../commands';
import { useHub } from '../../context';
import { Copyable } from '../../copyable';
import { formatBytes } from '../../quantity';
import { asSentence } from '../../sentence';
import { Splash } from '../../splash';
import { whyText } from '../../why';
import { TransferProgress } from '../transfer';
import { isUnderWay, type ITransfer, type ITransferResult } from '../views';
import type { SaveModel } from './model';

/** How the saving of an instance stands, and what can be done then. */
export function SaveProgress(props: {
  model: SaveModel;
  transfer: ITransfer;
  title: string;
}): JSX.Element {
  const { trans } = useHub();
  const { model, transfer, title } = props;
  const { id, phase, resumable, result } = transfer;
  const again = (
    <button className="jp-mod-styled" onClick={() => void model.again()}>
      {trans.__('Save anew…')}
    </button>
  );
  if (isUnderWay(transfer)) {
    return (
      <Splash
        title={title}
        body={<TransferProgress transfer={transfer} />}
        message={trans.__(
          'The instance can be used meanwhile. Saving goes on when this tab is closed; the TrainHub panel shows it.'
        )}
      >
        <CommandButton
          command={CommandIDs.cancelTransfer}
          args={{ id }}
          label={trans.__('Cancel')}
        />
      </Splash>
    );
  }
  if (phase !== 'Succeeded' || !result) {
    const why = whyText({ ...transfer, reason: null, details: null });
    return (
      <Splash
        title={title}
        phase={phase}
        message={
          phase === 'Cancelled'
            ? trans.__('Saving was cancelled. Nothing of it is left.')
            : why || trans.__('Saving has failed.')
        }
      >
        {again}
        {resumable && (
          <CommandButton
            command={CommandIDs.retryTransfer}
            args={{ id }}
            label={trans.__('Try again')}
            isMain
          />
        )}
      </Splash>
    );
  }
  return (
    <Splash
      title={trans.__('Saved')}
      phase={phase}
      message={sizeText(result)}
      body={<Result result={result} />}
    >
      {again}
      <CommandButton
        command={CommandIDs.submitWithImage}
        args={{ image: result.image }}
        label={trans.__('Use in a job…')}
      />
      <CommandButton
        command={CommandIDs.startWithImage}
        args={{ image: result.image }}
        label={trans.__('Start an instance from it…')}
        isMain
      />
    </Splash>
  );

  function sizeText({ size, layer_size, files }: ITransferResult): string {
    return [
      ...(files === null
        ? []
        : [trans._n('%2 file', '%2 files', files, files.toLocaleString())]),
      ...(layer_size === null
        ? []
        : [trans.__('%1 above the base', formatBytes(layer_size))]),
      ...(size === null ? [] : [trans.__('%1 in all', formatBytes(size))])
    ].join(' · ');
  }
}

/** The name of the image, and what it lacks. */
function Result({ result }: { result: ITransferResult }): JSX.Element {
  const { trans } = useHub();
  const { image, warnings, skipped } = result;
  return (
    <>
      <Copyable label={trans.__('Name of the image')} text={image} />
      {warnings.map(warning => (
        <p key={warning} className="jp-TrainHub-notice">
          {asSentence(warning)}
        </p>
      ))}
      {skipped.length > 0 && (
        <details className="jp-TrainHub-more jp-TrainHub-skipped">
          <summary>
            {trans._n(
              '%1 path was left out',
              '%1 paths were left out',
              skipped.length
            )}
          </summary>
          <ul>
            {skipped.map(({ path, reason }) => (
              <li key={path}>
                <code>{path}</code> – {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
