import { closeIcon } from '@jupyterlab/ui-components';
import type { Contents } from '@jupyterlab/services';
import React from 'react';
import { CommandButton } from '../../commandButton';
import { CommandIDs } from '../../commands';
import { useHub } from '../../context';
import { formatBytes } from '../../quantity';
import { Tabs, type ITabItem } from '../../tabs';
import { FitnessCheck } from '../fitness';
import type { IImage } from '../views';
import { Changes } from './changes';
import { Recipe } from './recipe';

/** What is shown of an image. */
export type ImageView = 'about' | 'changes' | 'recipe' | 'fitness';

/** What is known of one image, and what can be done with it. */
export function ImageDetails(props: {
  image: IImage;
  view: ImageView;
  /** Where recipes are saved. */
  contents: Contents.IManager;
  onView: (view: ImageView) => void;
  onClose: () => void;
}): JSX.Element {
  const { api, trans } = useHub();
  const { image, view, contents, onView } = props;
  const { name, title, description, message, source } = image;
  const tabs: ITabItem<ImageView>[] = [
    {
      name: 'about',
      label: trans.__('About'),
      render: () => <About image={image} />
    },
    ...(source === 'official'
      ? []
      : [
          {
            name: 'changes' as const,
            label: trans.__('What changed'),
            render: () => <Changes key={name} image={name} />
          },
          {
            name: 'recipe' as const,
            label: trans.__('Recipe'),
            render: () => (
              <Recipe key={name} image={image} contents={contents} />
            )
          }
        ]),
    {
      name: 'fitness',
      label: trans.__('Check'),
      keep: true,
      render: () => (
        <div className="jp-TrainHub-page">
          <FitnessCheck
            key={name}
            help={trans.__(
              'Runs the image for a moment and looks for what instances and jobs need.'
            )}
            ask={() => api.images.fitness(name)}
          />
        </div>
      )
    }
  ];
  const isOffered = tabs.some(tab => tab.name === view);
  return (
    <aside
      className="jp-TrainHub-imageDetails"
      aria-label={trans.__('About image %1', title)}
      data-trainhub-image={name}
    >
      <header>
        <h2>{title}</h2>
        <button
          className="jp-TrainHub-iconButton"
          aria-label={trans.__('Close')}
          title={trans.__('Close')}
          onClick={props.onClose}
        >
          <closeIcon.react tag="span" aria-hidden="true" />
        </button>
      </header>
      {description && <p>{description}</p>}
      {message && <p className="jp-TrainHub-notice">{message}</p>}
      <div className="jp-TrainHub-transferActions">
        <CommandButton
          command={CommandIDs.startWithImage}
          args={{ image: name }}
          label={trans.__('Start an instance…')}
          isMain
        />
        <CommandButton
          command={CommandIDs.submitWithImage}
          args={{ image: name }}
          label={trans.__('Use in a job…')}
        />
      </div>
      <Tabs
        id="trainhub-image-details"
        label={trans.__('About image %1', title)}
        tabs={tabs}
        selected={isOffered ? view : 'about'}
        onSelect={onView}
      />
    </aside>
  );
}

function About({ image }: { image: IImage }): JSX.Element {
  const { trans } = useHub();
  const { size, layer_size, created } = image;
  const facts: [string, string | null][] = [
    [trans.__('Image'), image.name],
    [trans.__('Note'), image.note],
    [trans.__('Digest'), image.digest],
    [trans._p('bytes', 'Size'), size === null ? null : formatBytes(size)],
    [
      trans.__('Above the base'),
      layer_size === null ? null : formatBytes(layer_size)
    ],
    [trans.__('Base'), image.base],
    [trans.__('Digest of the base'), image.base_digest],
    [
      trans.__('Created'),
      created === null ? null : new Date(created).toLocaleString()
    ],
    [trans.__('Owner'), image.owner],
    [trans.__('Saved from instance'), image.instance]
  ];
  return (
    <div className="jp-TrainHub-page">
      <table className="jp-TrainHub-table jp-TrainHub-specTable">
        <caption className="jp-TrainHub-hidden">{trans.__('About')}</caption>
        <tbody>
          {facts.map(
            ([term, value]) =>
              value && (
                <tr key={term}>
                  <th scope="row">{term}</th>
                  <td>{value}</td>
                </tr>
              )
          )}
        </tbody>
      </table>
    </div>
  );
}
