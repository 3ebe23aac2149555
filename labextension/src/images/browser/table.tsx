import { ellipsesIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';
import { useHub, useNow } from '../../context';
import { formatBytes } from '../../quantity';
import { openImageMenu } from '../menu';
import type { IImage } from '../views';
import { imageAge } from '../words';

/** Milliseconds after which ages are counted anew. */
const AGE_INTERVAL = 60_000;

type Column = 'title' | 'size' | 'created' | 'owner';

/** All images as a table, ordered by the column whose heading was pressed. */
export function ImageTable(props: {
  images: readonly IImage[];
  /** What the names of saved images begin with. */
  registry: string | null;
  /** The name of the image that is chosen. */
  chosen: string | null;
  onChoose: (image: string) => void;
}): JSX.Element {
  const { commands, trans } = useHub();
  const now = useNow(AGE_INTERVAL);
  const [order, setOrder] = useState<{ by: Column; down: boolean }>({
    by: 'created',
    down: true
  });
  const { images, chosen } = props;
  const sign = order.down ? -1 : 1;
  const ordered = [...images].sort((a, b) => sign * compare(a, b, order.by));
  const heading = (column: Column, label: string) => {
    const isBy = order.by === column;
    return (
      <th
        scope="col"
        aria-sort={isBy ? (order.down ? 'descending' : 'ascending') : undefined}
      >
        <button
          className="jp-TrainHub-sort"
          onClick={() =>
            setOrder({ by: column, down: isBy ? !order.down : false })
          }
        >
          {label}
          <span aria-hidden="true">
            {isBy ? (order.down ? ' ▾' : ' ▴') : ''}
          </span>
        </button>
      </th>
    );
  };
  if (images.length === 0) {
    return (
      <p className="jp-TrainHub-empty" role="status">
        {trans.__('There is no such image.')}
      </p>
    );
  }
  return (
    <div className="jp-TrainHub-imagesScroller">
      <table className="jp-TrainHub-table">
        <caption className="jp-TrainHub-hidden">{trans.__('Images')}</caption>
        <thead>
          <tr>
            {heading('title', trans.__('Name'))}
            {heading('size', trans._p('bytes', 'Size'))}
            {heading('created', trans.__('Age'))}
            {heading('owner', trans.__('Owner'))}
            <th scope="col">
              <span className="jp-TrainHub-hidden">{trans.__('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {ordered.map(image => {
            const { name, title, size, created, owner } = image;
            const more = trans.__('More for image %1', title);
            return (
              <tr
                key={name}
                data-trainhub-image={name}
                aria-selected={name === chosen}
              >
                <th scope="row">
                  <button
                    className="jp-TrainHub-itemName"
                    aria-pressed={name === chosen}
                    title={name}
                    onClick={() => props.onChoose(name)}
                  >
                    {title}
                  </button>
                  <code>{nameIn(name, props.registry)}</code>
                </th>
                <td>{size === null ? '' : formatBytes(size)}</td>
                <td
                  title={
                    created ? new Date(created).toLocaleString() : undefined
                  }
                >
                  {imageAge(image, now, trans)}
                </td>
                <td>
                  {image.source === 'official'
                    ? trans.__('this site')
                    : (owner ?? '')}
                </td>
                <td>
                  <button
                    className="jp-TrainHub-iconButton"
                    aria-label={more}
                    aria-haspopup="menu"
                    title={more}
                    onClick={({ currentTarget }) =>
                      openImageMenu(currentTarget, commands, image)
                    }
                  >
                    <ellipsesIcon.react tag="span" aria-hidden="true" />
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** A name without the registry that most images here have in common. */
function nameIn(name: string, registry: string | null): string {
  return registry !== null && name.startsWith(`${registry}/`)
    ? name.slice(registry.length + 1)
    : name;
}

/** Orders what is not known behind the rest. */
function compare(a: IImage, b: IImage, by: Column): number {
  return by === 'size'
    ? (a.size ?? -1) - (b.size ?? -1)
    : (a[by] ?? '').localeCompare(b[by] ?? '', undefined, { numeric: true });
}
