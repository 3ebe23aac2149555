import type { Contents } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import React, { useState } from 'react';
import { useHub, type IHubContext } from '../../context';
import { HubWidget } from '../../hubWidget';
import { Splash } from '../../splash';
import { ImageFilter } from '../filter';
import { NoImages } from '../noImages';
import { RegistryNotice } from '../registryNotice';
import { useImages } from '../useImages';
import { matches } from '../words';
import { ImageDetails, type ImageView } from './details';
import { ImageTable } from './table';

/** A tab with all images, and what is known of the one that is chosen. */
export class ImagesPage extends HubWidget {
  /**
   * @param _contents - where recipes are saved
   */
  constructor(
    hub: IHubContext,
    private readonly _contents: Contents.IManager
  ) {
    super(hub);
    this.addClass('jp-TrainHub-imagesPage');
  }

  /** The name of the image that is chosen; null when none is. */
  get image(): string | null {
    return this._image;
  }

  /** What is shown of it. */
  get view(): ImageView {
    return this._view;
  }

  /** Emitted when another image or another view is chosen. */
  get chosen(): ISignal<this, void> {
    return this._chosen;
  }

  /** Chooses an image, and what is shown of it; what is left out stays. */
  choose(image: string | null, view?: ImageView): void {
    this._image = image;
    this._view = view ?? this._view;
    this._chosen.emit();
    this.update();
  }

  dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  protected renderContent(): JSX.Element {
    return (
      <ImagesContent
        image={this._image}
        view={this._view}
        contents={this._contents}
        onChoose={(image, view) => this.choose(image, view)}
      />
    );
  }

  private readonly _chosen = new Signal<this, void>(this);
  private _image: string | null = null;
  private _view: ImageView = 'about';
}

/** What the tab shows. */
export function ImagesContent(props: {
  image: string | null;
  view: ImageView;
  contents: Contents.IManager;
  onChoose: (image: string | null, view?: ImageView) => void;
}): JSX.Element {
  const { trans } = useHub();
  const images = useImages();
  const [text, setText] = useState('');
  const { onChoose } = props;
  if (images.registry === undefined) {
    return (
      <Splash
        title={trans.__('Images')}
        busy={images.problem === null}
        message={images.problem?.advice ?? trans.__('Fetching…')}
      >
        {images.problem && (
          <button
            className="jp-mod-styled"
            onClick={() => void images.refresh()}
          >
            {trans.__('Try again')}
          </button>
        )}
      </Splash>
    );
  }
  const found = images.items.filter(image => matches(image, text));
  const chosen = props.image === null ? undefined : images.get(props.image);
  return (
    <main className="jp-TrainHub-imagesColumns" aria-busy={images.isPending}>
      <div className="jp-TrainHub-imagesMain">
        <h1 className="jp-TrainHub-hidden">{trans.__('Images')}</h1>
        <RegistryNotice />
        <ImageFilter text={text} onChange={setText} />
        {found.length === 0 ? (
          <NoImages text={text} />
        ) : (
          <ImageTable
            images={found}
            registry={images.registry?.name ?? null}
            chosen={props.image}
            onChoose={onChoose}
          />
        )}
      </div>
      {chosen && (
        <ImageDetails
          image={chosen}
          view={props.view}
          contents={props.contents}
          onView={view => onChoose(chosen.name, view)}
          onClose={() => onChoose(null)}
        />
      )}
      {props.image !== null && !chosen && (
        <aside className="jp-TrainHub-imageDetails">
          <p className="jp-TrainHub-empty" role="status">
            {trans.__('There is no image %1 any more.', props.image)}
          </p>
        </aside>
      )}
    </main>
  );
}
