import { addIcon, deleteIcon } from '@jupyterlab/ui-components';
import type {
  ArrayFieldTemplateProps,
  FieldTemplateProps,
  ObjectFieldTemplateProps
} from '@rjsf/utils';
import React from 'react';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Fields that are folded away together. */
export interface IFold {
  title: string;
  /** Their names. */
  names: readonly string[];
}

/** What the templates need to know of the form around them. */
export interface IFormContext {
  trans: TranslationBundle;
  /** The fields that most people leave as they are. */
  folds: readonly IFold[];
  /** Names of the fields at fault, so that none of them stays folded away. */
  faulty: readonly string[];
}

/** Joins the names of nested fields to an id; no field's name contains it. */
export const ID_SEPARATOR = '.';

/*
 * JupyterLab's own templates label their inputs by headings only. These tie label, help and error
 * to the input, so that a screen reader tells all three.
 */

/** One field: label, editor, help, errors. */
export function FieldTemplate(props: FieldTemplateProps): JSX.Element {
  const { id, schema, uiSchema, rawErrors = [] } = props;
  if (props.hidden) {
    return <div hidden>{props.children}</div>;
  }
  const name = fieldName(id);
  const { type, description } = schema;
  // Objects, lists and check boxes bring their labels along, unless they have an editor of ours.
  const isLabelled =
    uiSchema?.['ui:field'] === undefined &&
    (type === 'object' || type === 'array' || type === 'boolean');
  return (
    <div
      className="jp-TrainHub-field"
      data-trainhub-field={name}
      data-type={type}
      data-invalid={rawErrors.length > 0 || undefined}
    >
      {!isLabelled && (
        <label className="jp-TrainHub-fieldLabel" htmlFor={id}>
          {props.label}
          {props.required && (
            <span aria-hidden="true" className="jp-TrainHub-required">
              *
            </span>
          )}
        </label>
      )}
      {props.children}
      {description && !isLabelled && (
        <p className="jp-TrainHub-fieldHelp" id={`${id}__description`}>
          {description}
        </p>
      )}
      {rawErrors.length > 0 && (
        <p className="jp-TrainHub-fieldError" id={`${id}__error`} role="alert">
          {rawErrors.join(' ')}
        </p>
      )}
    </div>
  );
}

/** The fields of an object; at the root, those that few people need are folded away. */
export function ObjectFieldTemplate(
  props: ObjectFieldTemplateProps
): JSX.Element {
  const { idSchema, properties, formContext } = props;
  const { folds, faulty, trans } = formContext as IFormContext;
  if (idSchema.$id.includes(ID_SEPARATOR)) {
    const name = fieldName(idSchema.$id);
    const position = /^\d+$/.test(name) ? Number(name) + 1 : null;
    return (
      <fieldset className="jp-TrainHub-fieldset" id={idSchema.$id}>
        <legend>
          {position !== null ? trans.__('Folder %1', position) : props.title}
        </legend>
        {properties.map(property => property.content)}
      </fieldset>
    );
  }
  const isFolded = ({ name }: { name: string }): boolean =>
    folds.some(({ names }) => names.includes(name));
  return (
    <div className="jp-TrainHub-fields" id={idSchema.$id}>
      {properties
        .filter(property => !isFolded(property))
        .map(property => property.content)}
      {folds.map(({ title, names }) => {
        const folded = properties.filter(({ name }) => names.includes(name));
        return (
          folded.length > 0 && (
            <details
              key={title}
              className="jp-TrainHub-more"
              open={faulty.some(name => names.includes(name)) || undefined}
            >
              <summary>{title}</summary>
              <div className="jp-TrainHub-fields">
                {folded.map(property => property.content)}
              </div>
            </details>
          )
        );
      })}
    </div>
  );
}

/** A list of objects with buttons to add and remove. */
export function ArrayFieldTemplate(
  props: ArrayFieldTemplateProps
): JSX.Element {
  const { idSchema, items, formContext, schema } = props;
  const { trans } = formContext as IFormContext;
  return (
    <fieldset className="jp-TrainHub-fieldset" id={idSchema.$id}>
      <legend>{props.title}</legend>
      <p className="jp-TrainHub-fieldHelp">{schema.description}</p>
      {items.map(item => (
        <div key={item.key} className="jp-TrainHub-arrayItem">
          {item.children}
          <button
            type="button"
            className="jp-TrainHub-iconButton"
            aria-label={trans.__('Remove folder %1', item.index + 1)}
            title={trans.__('Remove')}
            onClick={item.onDropIndexClick(item.index)}
          >
            <deleteIcon.react tag="span" aria-hidden="true" />
          </button>
        </div>
      ))}
      {props.canAdd && (
        <button
          type="button"
          className="jp-TrainHub-addButton"
          onClick={props.onAddClick}
        >
          <addIcon.react tag="span" aria-hidden="true" />
          {trans.__('Add folder')}
        </button>
      )}
    </fieldset>
  );
}

function fieldName(id: string): string {
  const parts = id.split(ID_SEPARATOR);
  return parts[parts.length - 1];
}
