import React from 'react';
import { useHub } from '../context';
import { asSentence, joinSentences } from '../sentence';
import { useImages } from './useImages';

/** Says what is missing where no registry takes images, or why it cannot be asked. */
export function RegistryNotice(): JSX.Element | null {
  const { trans } = useHub();
  const { problem, registry } = useImages();
  const text =
    problem !== null
      ? problem.advice
      : registry === null
        ? trans.__(
            'No registry is set up: images cannot be saved. Set TrainHubConfig.registry to one that you may push to, such as registry.example.com/team, and restart the Jupyter server.'
          )
        : joinSentences([
            registry?.message && asSentence(registry.message),
            registry?.remedy
          ]);
  return text ? (
    <p className="jp-TrainHub-notice" role="status">
      {text}
    </p>
  ) : null;
}
