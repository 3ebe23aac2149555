import {
  downloadIcon,
  fileUploadIcon,
  launchIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import React, { useState } from 'react';
import { CommandIDs } from '../commands';
import { useHub, useStore } from '../context';
import { SectionBar } from '../panel/sectionBar';
import { ImageAge } from './age';
import { ImageFilter } from './filter';
import { MoreButton } from './moreButton';
import { NoImages } from './noImages';
import { RegistryNotice } from './registryNotice';
import { TransferItem } from './transfer';
import { useImages } from './useImages';
import type { IImage } from './views';
import { imageFacts, matches } from './words';

/** How many images are found without a filter. */
const FEW = 4;

/** The images in the panel: what is under way, what the site offers, and what was saved. */
export function ImagesSection(): JSX.Element {
  const { trans } = useHub();
  const images = useImages();
  const [text, setText] = useState('');
  const found = images.items.filter(image => matches(image, text));
  const of = (wanted: IImage['source']): IImage[] =>
    found
      .filter(({ source }) => source === wanted)
      .sort((a, b) => (b.created ?? '').localeCompare(a.created ?? ''));
  return (
    <div className="jp-TrainHub-images" aria-busy={images.isPending}>
      <Actions />
      <Transfers />
      <RegistryNotice />
      {images.items.length > FEW && (
        <ImageFilter text={text} onChange={setText} />
      )}
      <ImageList title={trans.__('Of this site')} images={of('official')} />
      <ImageList title={trans.__('Saved')} images={of('saved')} />
      <ImageList
        title={trans.__('Others in the registry')}
        images={of('other')}
      />
      {found.length === 0 && <NoImages text={text} />}
    </div>
  );
}

/** What can be done without an image. */
function Actions(): JSX.Element {
  const { trans } = useHub();
  return (
    <SectionBar
      label={trans.__('Actions on images')}
      buttons={[
        {
          command: CommandIDs.loadImage,
          label: trans.__('Load an archive…'),
          icon: fileUploadIcon
        },
        {
          command: CommandIDs.copyImage,
          label: trans.__('Copy from a registry…'),
          icon: downloadIcon
        },
        {
          command: CommandIDs.refreshImages,
          label: trans.__('Refresh images'),
          icon: refreshIcon
        },
        {
          command: CommandIDs.showImages,
          label: trans.__('Show all images in a tab'),
          icon: launchIcon
        }
      ]}
    />
  );
}

/** What is under way or has failed; what has succeeded is an image by then. */
function Transfers(): JSX.Element | null {
  const { trans } = useHub();
  const transfers = useStore()
    .list('transfer')
    .filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Cancelled');
  return transfers.length === 0 ? null : (
    <ul
      className="jp-TrainHub-list jp-TrainHub-transfers"
      aria-label={trans.__('Transfers of images')}
    >
      {transfers.map(transfer => (
        <TransferItem key={transfer.id} transfer={transfer} />
      ))}
    </ul>
  );
}

function ImageList(props: {
  title: string;
  images: IImage[];
}): JSX.Element | null {
  const { title, images } = props;
  return images.length === 0 ? null : (
    <>
      <h3 className="jp-TrainHub-imagesTitle">{title}</h3>
      <ul className="jp-TrainHub-list" aria-label={title}>
        {images.map(image => (
          <ImageRow key={image.name} image={image} />
        ))}
      </ul>
    </>
  );
}

function ImageRow({ image }: { image: IImage }): JSX.Element {
  const { commands, trans } = useHub();
  const user = useStore().status?.user ?? null;
  const { name, title, created, message } = image;
  const facts = imageFacts(image, user, trans).join(' · ');
  return (
    <li className="jp-TrainHub-item" data-trainhub-image={name}>
      <div className="jp-TrainHub-itemMain">
        <button
          className="jp-TrainHub-itemName"
          title={name}
          onClick={() =>
            void commands.execute(CommandIDs.showImages, { image: name })
          }
        >
          {title}
        </button>
        <ImageAge created={created} />
      </div>
      <div className="jp-TrainHub-itemDetail" title={facts}>
        {facts || name}
      </div>
      {message && <div className="jp-TrainHub-itemNote">{message}</div>}
      <div className="jp-TrainHub-itemActions">
        <MoreButton image={image} />
      </div>
    </li>
  );
}
