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

/** A section of the panel. */
export interface IPanelSection {
  id: string;
  label: string;
  /** How high it is at first, beside the others. */
  share: number;
  widget: ReactWidget;
}

/** The sections of the panel in their order. */
export function panelSections(hub: IHubContext): IPanelSection[] {
  const { trans } = hub;
  return [
    {
      id: 'instances',
      label: trans.__('Instances'),
      share: 2.4,
      widget: new PanelPart(hub, <InstancesSection />)
    },
    {
      id: 'jobs',
      label: trans.__('Jobs'),
      share: 2.4,
      widget: new PanelPart(hub, <JobsSection />)
    },
    {
      id: 'tensorboards',
      label: trans.__('TensorBoards'),
      share: 1.7,
      widget: new PanelPart(hub, <TensorBoardsSection />)
    },
    {
      id: 'images',
      label: trans.__('Images'),
      share: 3.2,
      widget: new PanelPart(hub, <ImagesSection />)
    },
    {
      id: 'cluster',
      label: trans.__('Cluster'),
      share: 1.7,
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
