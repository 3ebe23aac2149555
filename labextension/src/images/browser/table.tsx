import React from 'react';
import { useHub } from '../../context';
import { compareValues, useOrder } from '../../ordered';
import { formatBytes } from '../../quantity';
import { ImageAge } from '../age';
import { MoreButton } from '../moreButton';
import type { IImage } from '../views';
import { shortName } from '../words';

type Column = 'title' | 'note' | 'base' | 'size' | 'created' | 'owner';

/** All images as a table, ordered by the column whose heading was pressed. */
export function ImageTable(props: {
  images: readonly IImage[];
  /** What the names of saved images begin with. */
  registry: string | null;
  /** The name of the image that is chosen. */
  chosen: string | null;
  onChoose: (image: string) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { order, heading } = useOrder<Column>({ by: 'created', down: true });
  const { images, chosen } = props;
  // Beside what is known of one image there is no room.
  const isWide = chosen === null;
  const sign = order.down ? -1 : 1;
  const ordered = [...images].sort(
    (a, b) => sign * compareValues(a[order.by], b[order.by])
  );
  return (
    <div className="jp-TrainHub-imagesScroller">
      <table className="jp-TrainHub-table">
        <caption className="jp-TrainHub-hidden">{trans.__('Images')}</caption>
        <thead>
          <tr>
            {heading('title', trans.__('Name'))}
            {isWide && (
              <>
                {heading('note', trans.__('Note'))}
                {heading('base', trans.__('Base'))}
              </>
            )}
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
            const { name, title, note, base, size, created, owner, source } =
              image;
            const place = nameIn(name, props.registry);
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
                  {place !== title && <code>{place}</code>}
                </th>
                {isWide && (
                  <>
                    <td className="jp-TrainHub-imageNote">{note}</td>
                    <td title={base ?? undefined}>{base && shortName(base)}</td>
                  </>
                )}
                <td>{size === null ? '' : formatBytes(size)}</td>
                <td>
                  <ImageAge created={created} />
                </td>
                <td>{source === 'official' ? trans.__('this site') : owner}</td>
                <td>
                  <MoreButton image={image} />
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
