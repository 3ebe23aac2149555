import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { useHub, useNow, useStore } from '../context';
import { formatAge, secondsBetween } from '../duration';
import { PhaseLabel } from '../phase';
import type { TrainHubStore } from '../store';
import type { IObjects, NamedKind } from '../views';
import { keyOf } from '../views';

/** Milliseconds after which ages are counted anew. */
const AGE_INTERVAL = 15_000;

/** Something that can be done to the object of a row. */
export interface IRowAction {
  /** The button's accessible name, which names the object too. */
  label: string;
  icon: LabIcon;
  /** Whether it opens a menu. */
  hasMenu?: boolean;
  /** Given the button, at which a menu opens. */
  execute: (button: HTMLElement) => void;
}

/** What a row says and offers. */
export interface IRow {
  /** A second line: what it is, or why it is as it is. */
  detail: string | null;
  /** What else is worth knowing, below. */
  note?: React.ReactNode;
  /** What marks it, before its phase. */
  mark?: React.ReactNode;
  since: string | null;
  open: () => void;
  actions: IRowAction[];
}

/** The objects of one kind as a list, or what to do when there are none. */
export function ObjectList<K extends NamedKind>(props: {
  kind: K;
  label: string;
  /** What to do, when there are none. */
  empty: string;
  /** What is said of an object at a time, in milliseconds. */
  row: (object: IObjects[K], now: number) => IRow;
  /** Chooses and orders the objects; all by name if left out. */
  arrange?: (objects: readonly IObjects[K][]) => readonly IObjects[K][];
}): JSX.Element | null {
  const { trans } = useHub();
  const store = useStore();
  const now = useNow(AGE_INTERVAL);
  const { kind, row, arrange } = props;
  const objects = store.list(kind);
  if (objects.length === 0) {
    return (
      <p className="jp-TrainHub-empty">
        {store.isLoaded(kind) ? props.empty : whyNotLoaded(store, trans)}
      </p>
    );
  }
  const ordered = arrange ? arrange(objects) : objects;
  return (
    <ul className="jp-TrainHub-list" aria-label={props.label}>
      {ordered.map(object => (
        <Row
          key={keyOf(object)}
          object={object}
          now={now}
          {...row(object, now)}
        />
      ))}
    </ul>
  );
}

function Row(
  props: IRow & { object: IObjects[NamedKind]; now: number }
): JSX.Element {
  const { trans } = useHub();
  const { object, now, detail, note, mark, since, actions } = props;
  return (
    <li
      className="jp-TrainHub-item"
      data-trainhub-kind={object.kind}
      data-trainhub-name={object.name}
      data-trainhub-phase={object.phase}
    >
      <div className="jp-TrainHub-itemMain">
        <button
          className="jp-TrainHub-itemName"
          onClick={props.open}
          title={object.name}
        >
          {object.name}
        </button>
        {mark}
        <PhaseLabel phase={object.phase} title={object.message} />
        {since && (
          <time
            className="jp-TrainHub-age"
            dateTime={since}
            title={new Date(since).toLocaleString()}
          >
            {formatAge(secondsBetween(since, now), trans)}
          </time>
        )}
      </div>
      {detail && (
        <div className="jp-TrainHub-itemDetail" title={detail}>
          {detail}
        </div>
      )}
      {note && <div className="jp-TrainHub-itemNote">{note}</div>}
      <div className="jp-TrainHub-itemActions">
        {actions.map(({ label, icon, hasMenu, execute }) => (
          <button
            key={label}
            className="jp-TrainHub-iconButton"
            aria-label={label}
            aria-haspopup={hasMenu ? 'menu' : undefined}
            title={label}
            onClick={event => execute(event.currentTarget)}
          >
            <icon.react tag="span" aria-hidden="true" />
          </button>
        ))}
      </div>
    </li>
  );
}

function whyNotLoaded(store: TrainHubStore, trans: TranslationBundle): string {
  const state = store.status?.cluster.state;
  if (state === 'starting') {
    return trans.__('Waiting for the cluster…');
  }
  return store.problem || state === 'unavailable'
    ? trans.__('Not known at the moment.')
    : trans.__('Fetching…');
}
