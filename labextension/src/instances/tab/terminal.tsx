import type { ISignal } from '@lumino/signaling';
import React from 'react';
import { useHub } from '../../context';
import { ShellView } from '../../shell/view';
import type { IRequest } from '../../useRequest';
import type { IInstance, IInterfaces } from '../../views';
import { Missing } from './missing';

interface IProps {
  instance: IInstance;
  interfaces: IRequest<IInterfaces | null>;
  /** Whether it is the view that is chosen. */
  isShown: boolean;
  /** Emitted when the tab around is activated. */
  activated: ISignal<unknown, void>;
}

/** A shell inside the container of an instance that runs; its image needs no Jupyter for it. */
export function TerminalPanel(props: IProps): JSX.Element {
  const { trans } = useHub();
  const { value } = props.interfaces;
  return value && value.shell === null ? (
    <Missing
      title={trans.__('The image has no shell')}
      message={trans.__(
        'A terminal needs one. Choose an image that has it under "Edit…", or add it to your own.'
      )}
      remedy={value.remedies.shell}
    />
  ) : (
    <ShellView
      place={`instances/${encodeURIComponent(props.instance.name)}`}
      isShown={props.isShown}
      activated={props.activated}
    />
  );
}
