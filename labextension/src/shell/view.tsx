import { MessageLoop } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import React, { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { confirmLoss } from '../confirmation';
import { useHub } from '../context';
import { useSignal } from '../useSignal';
import { Shell } from './shell';

interface IProps {
  /** What it is in: `instances/desk` or `jobs/train/0`. */
  place: string;
  /** Whether it is the view that is chosen. */
  isShown: boolean;
  /** Emitted when the tab around is activated. */
  activated?: ISignal<unknown, void>;
  /** What stands before its buttons. */
  children?: React.ReactNode;
}

/** The shell in a container, in JupyterLab's own terminal. */
export function ShellView(props: IProps): JSX.Element {
  const { api, terminals, trans } = useHub();
  const { place, isShown, activated } = props;
  const [shell] = useState(() => new Shell(api, place, terminals));
  useSignal(shell.changed);
  useEffect(() => {
    void shell.open();
    return () => shell.dispose();
  }, [shell]);
  const { state, terminal } = shell;
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const node = host.current;
    if (!terminal || !node) {
      return;
    }
    Widget.attach(terminal, node);
    const observer = new ResizeObserver(() => {
      // A hidden terminal has no size to fit into.
      if (node.offsetWidth > 0 && terminal.isAttached) {
        MessageLoop.sendMessage(terminal, Widget.ResizeMessage.UnknownSize);
      }
    });
    observer.observe(node);
    return () => {
      observer.disconnect();
      if (terminal.isAttached) {
        Widget.detach(terminal);
      }
    };
  }, [terminal]);
  const isReady = terminal !== null && state === 'open';
  useEffect(() => {
    if (!isReady || !isShown) {
      return;
    }
    const focus = (): void => terminal.activate();
    if (host.current && mayTakeFocus(host.current)) {
      focus();
    }
    activated?.connect(focus);
    return () => {
      activated?.disconnect(focus);
    };
  }, [isReady, terminal, isShown, activated]);
  const renew = async (): Promise<void> => {
    const isAlive = state === 'open' || state === 'connecting';
    const agreed =
      !isAlive ||
      (await confirmLoss(
        {
          title: trans.__('End this shell?'),
          body: trans.__(
            'The shell that is open ends, and so does what runs in it. Another one is started.'
          ),
          action: trans.__('New shell')
        },
        trans
      ));
    if (agreed) {
      await shell.renew();
    }
  };
  return (
    <div className="jp-TrainHub-terminal" data-trainhub-shell={state}>
      <div className="jp-TrainHub-terminalBar">
        {props.children}
        <span role="status">
          {{
            connecting: trans.__('Connecting to the shell…'),
            open: '',
            ended: trans.__('The shell has ended.'),
            lost: trans.__('The connection to the shell is lost.'),
            failed: shell.problem
          }[state] ?? ''}
        </span>
        {state === 'lost' && (
          <button
            className="jp-TrainHub-addButton"
            onClick={() => void shell.open()}
          >
            {trans.__('Reconnect')}
          </button>
        )}
        <button
          className="jp-TrainHub-addButton"
          disabled={state === 'connecting' && !terminal}
          onClick={() => void renew()}
        >
          {trans.__('New shell')}
        </button>
      </div>
      <div className="jp-TrainHub-terminalHost" ref={host} />
    </div>
  );
}

/** Whether the focus is nowhere of worth: neither in another tab, nor walking along ours by keys. */
function mayTakeFocus(node: HTMLElement): boolean {
  const active = document.activeElement;
  return (
    !active ||
    active === document.body ||
    (node.closest('.jp-TrainHub-widget')?.contains(active) === true &&
      !active.matches('[role="tab"]:focus-visible'))
  );
}
