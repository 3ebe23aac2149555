import type { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { ClusterSection } from '../cluster/section';
import type { IHubContext } from '../context';
import { HubWidget } from '../hubWidget';
import { ImagesSection } from '../images/section';
import { InstancesSection } from '../instances/section';
import { JobsSection } from '../jobs/section';
import { TensorBoardsSection } from '../tensorboards/section';
import { PanelHeader } from './header';

/** The top of the panel: what to begin, and what is wrong. */
export function panelHeader(hub: IHubContext): ReactWidget {
  return new PanelPart(hub, <PanelHeader />);
}

/** The sections of the panel in their order. */
export function panelSections(
  hub: IHubContext
): { id: string; label: string; widget: ReactWidget }[] {
  const { trans } = hub;
  return [
    {
      id: 'instances',
      label: trans.__('Instances'),
      widget: new PanelPart(hub, <InstancesSection />)
    },
    {
      id: 'jobs',
      label: trans.__('Jobs'),
      widget: new PanelPart(hub, <JobsSection />)
    },
    {
      id: 'tensorboards',
      label: trans.__('TensorBoards'),
      widget: new PanelPart(hub, <TensorBoardsSection />)
    },
    {
      id: 'images',
      label: trans.__('Images'),
      widget: new PanelPart(hub, <ImagesSection />)
    },
    {
      id: 'cluster',
      label: trans.__('Cluster'),
      widget: new PanelPart(hub, <ClusterSection />)
    }
  ];
}

class PanelPart extends HubWidget {
  constructor(
    hub: IHubContext,
    private readonly _content: JSX.Element
  ) {
    super(hub);
  }

  protected renderContent(): JSX.Element {
    return this._content;
  }
}
