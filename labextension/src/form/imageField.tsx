import { caretDownIcon } from '@jupyterlab/ui-components';
import type { FieldProps } from '@rjsf/utils';
import React, { useState } from 'react';
import { useStore } from '../context';
import { useImages } from '../images/useImages';
import { imageChoices, type IImageChoice } from './imageChoices';
import type { IFormContext } from './templates';

/**
 * Edits the name of an image, typed or picked among those that the site offers and those that were saved: an editable
 * combobox as https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ has it. The list shows all images
 * until something is typed, since the field begins with one of them.
 */
export function ImageField(props: FieldProps): JSX.Element {
  const { schema, idSchema, rawErrors = [] } = props;
  const { trans } = props.formContext as IFormContext;
  const [isOpen, setOpen] = useState(false);
  const [isTyped, setTyped] = useState(false);
  const [active, setActive] = useState(-1);
  const [isWanted, setWanted] = useState(false);
  const images = useImages(isWanted);
  const user = useStore().status?.user ?? null;
  const image = (props.formData as string | undefined) ?? '';
  const choices = imageChoices(
    (schema as { choices?: IImageChoice[] }).choices ?? [],
    images.items,
    user,
    trans
  );
  const typed = image.toLowerCase();
  const offered = choices.filter(
    choice =>
      !isTyped ||
      `${choice.const}\n${choice.title}`.toLowerCase().includes(typed)
  );
  const id = idSchema.$id;
  const isShown = isOpen && offered.length > 0;

  const show = (open: boolean, typed = false): void => {
    setOpen(open);
    setTyped(typed);
    setActive(-1);
  };
  const pick = (name: string): void => {
    props.onChange(name);
    show(false);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const count = offered.length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const from = active < 0 && step < 0 ? 0 : active;
      setOpen(true);
      setActive(count ? (from + step + count) % count : -1);
    } else if (event.key === 'Enter' && isShown && active >= 0) {
      pick(offered[active].const);
    } else if (event.key === 'Escape' && isShown) {
      show(false);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      className="jp-TrainHub-combobox"
      onFocus={() => setWanted(true)}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) {
          show(false);
        }
      }}
    >
      <input
        id={id}
        className="jp-mod-styled"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={isShown}
        aria-controls={`${id}__list`}
        aria-activedescendant={active < 0 ? undefined : `${id}__${active}`}
        aria-invalid={rawErrors.length > 0}
        aria-describedby={`${id}__description ${id}__error`}
        autoComplete="off"
        spellCheck={false}
        value={image}
        onChange={({ target }) => {
          props.onChange(target.value || undefined);
          show(true, true);
        }}
        onKeyDown={onKeyDown}
      />
      <button
        type="button"
        className="jp-TrainHub-iconButton"
        tabIndex={-1}
        aria-label={trans.__('Show the images to choose from')}
        aria-expanded={isShown}
        onClick={() => show(!isOpen)}
      >
        <caretDownIcon.react tag="span" aria-hidden="true" />
      </button>
      <ul
        id={`${id}__list`}
        role="listbox"
        aria-label={trans.__('Images to choose from')}
        hidden={!isShown}
      >
        {offered.map(({ const: name, title, description }, index) => (
          <li
            key={name}
            id={`${id}__${index}`}
            role="option"
            aria-selected={index === active}
            // Keeps the focus in the text.
            onMouseDown={event => event.preventDefault()}
            onClick={() => pick(name)}
          >
            {title}
            {title === name ? null : <code>{name}</code>}
            {description && (
              <span className="jp-TrainHub-fieldHelp">{description}</span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
