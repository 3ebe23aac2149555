import type { MainAreaWidget } from '@jupyterlab/apputils';
import {
  addIcon,
  launchIcon,
  ReactWidget,
  refreshIcon,
  stopIcon,
  textEditorIcon,
  Toolbar,
  ToolbarButton,
  type ToolbarButtonComponent,
  UseSignal
} from '@jupyterlab/ui-components';
import React from 'react';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import type { TensorBoardView } from './view';
import { memoryWords, placeWord } from './words';

/** Fills the toolbar of a tab with JupyterLab's own buttons. */
export function fillToolbar(
  { toolbar, content }: MainAreaWidget<TensorBoardView>,
  { api, commands, trans }: IHubContext
): void {
  const { model, keeper } = content;
  const run = (command: string) => () =>
    void commands.execute(command, { id: model.view?.id });
  const isRunning = (): boolean =>
    model.view?.phase === 'Running' && model.state !== 'gone';
  const isOurs = (): boolean =>
    model.view !== null &&
    model.view.where !== 'found' &&
    model.state !== 'gone';
  const buttons: [
    string,
    ToolbarButtonComponent.IProps & { isEnabled: () => boolean }
  ][] = [
    [
      'add',
      {
        icon: addIcon,
        label: trans.__('Add runs…'),
        tooltip: trans.__('Show other log folders beside these'),
        onClick: run(CommandIDs.editTensorBoard),
        isEnabled: isOurs
      }
    ],
    [
      'reload',
      {
        icon: refreshIcon,
        tooltip: trans.__('Load TensorBoard anew'),
        onClick: () => keeper.renew(),
        isEnabled: isRunning
      }
    ],
    [
      'open',
      {
        icon: launchIcon,
        tooltip: trans.__('Open in a browser tab'),
        onClick: () => {
          const address = api.address(model.view?.url ?? '');
          window.open(address, '_blank', 'noopener');
        },
        isEnabled: isRunning
      }
    ],
    [
      'log',
      {
        icon: textEditorIcon,
        tooltip: trans.__('Show the log of this TensorBoard'),
        onClick: run(CommandIDs.showTensorBoardLog),
        isEnabled: isOurs
      }
    ],
    [
      'stop',
      {
        icon: stopIcon,
        tooltip: trans.__('Stop TensorBoard'),
        onClick: run(CommandIDs.stopTensorBoard),
        isEnabled: () => isRunning() || model.view?.phase === 'Starting'
      }
    ]
  ];
  for (const [name, { isEnabled, ...props }] of buttons) {
    const button = new ToolbarButton({ ...props, enabled: isEnabled() });
    model.changed.connect(() => {
      button.enabled = isEnabled();
    });
    toolbar.addItem(name, button);
  }
  toolbar.addItem('spacer', Toolbar.createSpacerItem());
  const facts = ReactWidget.create(
    <UseSignal signal={model.changed}>
      {() => {
        const { view } = model;
        const memory = view && isRunning() && memoryWords(view, trans);
        return (
          <span className="jp-TrainHub-tensorboardFacts">
            {view && placeWord(view.where, trans)}
            {memory && (
              <span title={trans.__('Memory in use')}>{` · ${memory}`}</span>
            )}
          </span>
        );
      }}
    </UseSignal>
  );
  toolbar.addItem('facts', facts);
  toolbar.node.setAttribute('aria-label', trans.__('TensorBoard'));
}
