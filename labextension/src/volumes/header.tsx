import React from 'react';
import { useHub } from '../context';
import { joinSentences } from '../sentence';
import { VolumeActions } from './actions';
import type { IVolume } from './views';
import { roleName, sizeText, volumePhase } from './words';

/** What a volume is, how large, who uses it, and what can be done with it. */
export function VolumeHeader(props: {
  volume: IVolume;
  /** Bytes in use; null where only its storage knows. */
  used: number | null;
  onChanged: () => void;
  onDeleted: () => void;
}): JSX.Element {
  const hub = useHub();
  const { trans } = hub;
  const { volume, used } = props;
  const actions = new VolumeActions(hub);
  const resize = async (): Promise<void> => {
    if (await actions.resize(volume)) {
      props.onChanged();
    }
  };
  const remove = async (): Promise<void> => {
    if (await actions.delete(volume)) {
      props.onDeleted();
    }
  };
  const facts = [
    volume.path,
    sizeText(volume, used, trans),
    volume.phase === 'Bound' ? null : volumePhase(volume.phase, trans),
    volume.used_by.length === 0
      ? null
      : trans.__('used by %1', volume.used_by.join(', '))
  ];
  const why = joinSentences([volume.message, volume.remedy]);
  return (
    <header className="jp-TrainHub-volumeHeader">
      <h2>{roleName(volume.role, trans)}</h2>
      <code>{volume.claim}</code>
      <span>{facts.filter(Boolean).join(' · ')}</span>
      <span className="jp-TrainHub-volumeActions">
        <button
          className="jp-mod-styled"
          disabled={volume.resizable === false}
          title={
            volume.resizable === false && volume.phase === 'Bound'
              ? trans.__('Volumes of this storage cannot grow')
              : undefined
          }
          onClick={() => void resize()}
        >
          {trans.__('Resize…')}
        </button>
        <button
          className="jp-mod-styled"
          disabled={volume.phase === 'Deleting'}
          onClick={() => void remove()}
        >
          {trans.__('Delete…')}
        </button>
      </span>
      {why && (
        <p className="jp-TrainHub-notice" role="status">
          {why}
        </p>
      )}
    </header>
  );
}
