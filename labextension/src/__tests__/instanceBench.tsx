import { act, fireEvent, screen } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import React, { useState } from 'react';
import { CommandArguments, CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { InstanceTabContent } from '../instances/tab/content';
import type { IInstance, IInterfaces, InstanceViewName } from '../views';
import { hubContext, renderInHub } from './hub';
import type { IAnswer } from './requestTable';
import { STATUS, instance } from './views';

export const INTERFACES: IInterfaces = {
  lab: true,
  ide: 'code-server',
  shell: null,
  python: null,
  sftp: null,
  sshd: false,
  remedies: { shell: 'Add a shell to the image.' }
};

/** A tab on the instance "desk", whose server answers from a table. */
export class InstanceBench {
  constructor(
    changes: Partial<IInstance> = {},
    answers: Record<string, IAnswer> = {}
  ) {
    this.answers = {
      'GET status': { body: STATUS },
      'GET instances': { body: { items: [instance('desk', changes)] } },
      'GET jobs': { body: { items: [] } },
      'GET tensorboards': { body: { items: [] } },
      'GET transfers': { body: { items: [] } },
      'GET instances/desk/interfaces': { body: INTERFACES },
      'GET instances/desk/events': { body: { items: [] } },
      'GET instances/desk/idle': { body: null },
      ...answers
    };
    this.hub = hubContext(this.answers);
    for (const id of [
      'start',
      'stop',
      'restart',
      'edit',
      'delete',
      'extend',
      'save',
      'new'
    ]) {
      this.hub.commands.addCommand(`trainhub:${id}-instance`, {
        describedBy: { args: CommandArguments.named },
        execute: ({ name }) => void this.executed.push(`${id} ${name ?? ''}`)
      });
    }
    this.hub.commands.addCommand(CommandIDs.openInstanceLogs, {
      describedBy: { args: CommandArguments.named },
      execute: ({ name }) => void this.executed.push(`tensorboard ${name}`)
    });
  }

  readonly answers: Record<string, IAnswer>;
  readonly hub: IHubContext;
  /** The commands that buttons have executed. */
  readonly executed: string[] = [];
  closed = false;

  /** Shows a view of the tab and waits until the server's answers are there. */
  async show(view: InstanceViewName = 'lab'): Promise<this> {
    const Tab = (): JSX.Element => {
      const [selected, select] = useState(view);
      return (
        <InstanceTabContent
          name="desk"
          view={selected}
          onSelect={select}
          onClose={() => (this.closed = true)}
          activated={new Signal<object, void>({})}
        />
      );
    };
    renderInHub(<Tab />, this.hub);
    await settle(() => this.hub.store.watch());
    return this;
  }

  async refresh(): Promise<void> {
    await settle(() => this.hub.store.refresh());
  }

  /** The instance as the server has it from now on; null when it is gone. */
  async change(changes: Partial<IInstance> | null): Promise<void> {
    const items = changes ? [instance('desk', changes)] : [];
    this.answers['GET instances'] = { body: { items } };
    await this.refresh();
  }
}

/** Lets requests be answered, and the store's next frame pass. */
export async function settle(begin: () => unknown = () => null): Promise<void> {
  await act(async () => {
    await begin();
    for (let frames = 0; frames < 2; frames += 1) {
      await new Promise(resolve => setTimeout(resolve));
      await new Promise(resolve => requestAnimationFrame(resolve));
    }
  });
}

/** Lets `milliseconds` pass, and what is due be done, where timers are fake. */
export async function pass(milliseconds: number): Promise<void> {
  await act(() => jest.advanceTimersByTimeAsync(milliseconds));
}

export async function press(name: string): Promise<void> {
  await settle(() => fireEvent.click(screen.getByRole('button', { name })));
}

export async function choose(name: string): Promise<void> {
  await settle(() => fireEvent.click(screen.getByRole('tab', { name })));
}

/** The time `seconds` before now. */
export function ago(seconds: number): string {
  return new Date(Date.now() - 1000 * seconds).toISOString();
}

export function frame(): HTMLIFrameElement | null {
  return document.querySelector('iframe');
}
