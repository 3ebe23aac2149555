import { render, type RenderResult } from '@testing-library/react';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import type { Event } from '@jupyterlab/services';
import React from 'react';
import { HubContext, type IHubContext } from '../context';
import { ImageCatalogue } from '../images/catalogue';
import { TerminalAppearance } from '../shell/appearance';
import { TrainHubStore } from '../store';
import { RequestTable, trans, type IAnswer } from './requestTable';

/** What TrainHub's components work with, on a server that answers from a table. */
export function hubContext(
  answers: Record<string, IAnswer> | RequestTable = {}
): IHubContext {
  const { api } =
    answers instanceof RequestTable ? answers : new RequestTable(answers);
  const store = new TrainHubStore(api, {
    stream: new Signal<object, object>({})
  } as unknown as Event.IManager);
  return {
    api,
    store,
    images: new ImageCatalogue(api, store),
    terminals: new TerminalAppearance(null, null),
    editors: null,
    languages: null,
    trans,
    commands: new CommandRegistry()
  };
}

/** Renders a component as a TrainHub widget would. */
export function renderInHub(
  content: JSX.Element,
  hub: IHubContext = hubContext()
): RenderResult {
  return render(
    <HubContext.Provider value={hub}>{content}</HubContext.Provider>
  );
}
