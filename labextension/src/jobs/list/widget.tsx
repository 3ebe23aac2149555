import React from 'react';
import { HubWidget } from '../../hubWidget';
import { JobsPage } from './page';

/** A tab of the main area with all jobs. */
export class JobsTab extends HubWidget {
  protected renderContent(): JSX.Element {
    return <JobsPage />;
  }
}
