import React, { useId } from 'react';
import { useHub } from '../../context';
import { formatBytes } from '../../quantity';
import { asSentence } from '../../sentence';
import { RegistryNotice } from '../registryNotice';
import { useImages } from '../useImages';
import type { IMeasurement } from '../views';
import { Excluded, NotSaved, Secrets } from './leftOut';
import type { SaveModel } from './model';
import { joinName, savedOf, splitName, type INameParts } from './selection';
import { FolderTree } from './tree';

interface IProps {
  model: SaveModel;
  /** What would be saved. */
  found: IMeasurement;
}

/** What would be saved, what would not, and what it is to be called. */
export function SaveForm(props: IProps & { title: string }): JSX.Element {
  const { trans } = useHub();
  const { model, found } = props;
  // Whether the name is taken hangs on the images that are there.
  const { registry } = useImages();
  const { choice, refusal, isSending, isTaken } = model;
  const { files, bytes } = savedOf(found, choice);
  const mayNot = isTaken && !choice.overwrite;
  return (
    <main className="jp-TrainHub-page jp-TrainHub-saveForm">
      <h1>{props.title}</h1>
      <RegistryNotice />
      <p className="jp-TrainHub-saveTotal" role="status">
        {trans.__(
          '%1 in %2 are saved.',
          formatBytes(bytes),
          trans._n('%2 file', '%2 files', files, files.toLocaleString())
        )}{' '}
        {found.deleted > 0 &&
          trans._n(
            '%2 path that was deleted is gone from the image too.',
            '%2 paths that were deleted are gone from the image too.',
            found.deleted,
            found.deleted.toLocaleString()
          )}{' '}
        <button
          type="button"
          className="jp-TrainHub-addButton"
          onClick={() => void model.measure()}
        >
          {trans.__('Look again')}
        </button>
      </p>
      <Remarks found={found} />
      <section>
        <h2>{trans.__('What is saved')}</h2>
        {found.tree.length === 0 ? (
          <p className="jp-TrainHub-empty">
            {trans.__('No file differs from the image that it started with.')}
          </p>
        ) : (
          <FolderTree
            tree={found.tree}
            leftOut={choice.leftOut}
            onChange={leftOut => model.choose({ leftOut })}
          />
        )}
      </section>
      <NotSaved entries={found.not_saved} />
      <Excluded
        entries={found.excluded}
        kept={choice.kept}
        onChange={kept => model.choose({ kept })}
      />
      <Secrets
        secrets={found.secrets}
        isKept={choice.keepSecrets}
        onChange={keepSecrets => model.choose({ keepSecrets })}
      />
      <section>
        <h2>{trans.__('The image')}</h2>
        <form
          className="jp-TrainHub-saveFields"
          onSubmit={event => {
            event.preventDefault();
            void model.save();
          }}
        >
          <Fields {...props} prefix={registry?.name ?? null} />
          {refusal && refusal.details.field !== 'image' && (
            <p className="jp-TrainHub-formError" role="alert">
              {refusal.advice}
            </p>
          )}
          <div className="jp-TrainHub-formButtons">
            <button
              type="submit"
              className="jp-mod-styled jp-mod-accept"
              disabled={isSending || mayNot || !choice.image}
            >
              {trans.__('Save')}
            </button>
            {isSending && (
              <progress
                className="jp-TrainHub-progress"
                aria-label={trans.__('Starting')}
              />
            )}
          </div>
        </form>
      </section>
    </main>
  );
}

/** What is to be known before saving. */
function Remarks({ found }: { found: IMeasurement }): JSX.Element | null {
  const { trans } = useHub();
  const { unreadable, above_base, previous_bytes, deletions_known } = found;
  const remarks = [
    ...found.warnings.map(asSentence),
    ...(deletions_known
      ? []
      : [
          trans.__(
            'Files of its image that were deleted are in the saved image again.'
          )
        ]),
    ...(above_base
      ? [
          trans.__(
            'The instance runs a saved image. What is saved takes the place of the %1 saved before: there is still one layer above the base.',
            formatBytes(previous_bytes ?? 0)
          )
        ]
      : []),
    ...(unreadable.files > 0
      ? [
          trans._n(
            '%2 path cannot be read by the user of the instance and is not saved: %3',
            '%2 paths cannot be read by the user of the instance and are not saved: %3',
            unreadable.files,
            unreadable.files.toLocaleString(),
            unreadable.paths.join(', ')
          )
        ]
      : [])
  ];
  return remarks.length === 0 ? null : (
    <ul className="jp-TrainHub-notice jp-TrainHub-remarks">
      {remarks.map(remark => (
        <li key={remark}>{remark}</li>
      ))}
    </ul>
  );
}

/** The name of the image, a note, and what follows. */
function Fields(
  props: IProps & {
    /** What the names of saved images begin with. */
    prefix: string | null;
  }
): JSX.Element {
  const { trans } = useHub();
  const { model, found } = props;
  const id = useId();
  const { choice, refusal, isTaken } = model;
  const parts = splitName(choice.image || (found.image ?? ''), props.prefix);
  const rename = (change: Partial<INameParts>): void =>
    model.choose({ image: joinName({ ...parts, ...change }) });
  const fault = refusal?.details.field === 'image' ? refusal.advice : null;
  const input = (name: 'repository' | 'tag', label: string) => (
    <input
      className="jp-mod-styled"
      aria-label={label}
      aria-invalid={fault !== null}
      aria-describedby={`${id}-name`}
      data-trainhub-field={name}
      autoComplete="off"
      spellCheck={false}
      value={parts[name]}
      onChange={({ target }) => rename({ [name]: target.value.trim() })}
    />
  );
  return (
    <>
      <div
        className="jp-TrainHub-field jp-TrainHub-imageName"
        role="group"
        aria-label={trans.__('Name')}
      >
        {parts.prefix && <code>{parts.prefix}/</code>}
        {input('repository', trans.__('Repository'))}
        <code>:</code>
        {input('tag', trans.__('Tag'))}
      </div>
      <div id={`${id}-name`}>
        {fault && (
          <p className="jp-TrainHub-fieldError" role="alert">
            {fault}
          </p>
        )}
        {isTaken && (
          <Check
            label={trans.__('There is an image of this name: overwrite it')}
            checked={choice.overwrite}
            onChange={overwrite => model.choose({ overwrite })}
          />
        )}
      </div>
      <div className="jp-TrainHub-field">
        <label className="jp-TrainHub-fieldLabel" htmlFor={`${id}-note`}>
          {trans.__('Note')}
        </label>
        <input
          id={`${id}-note`}
          className="jp-mod-styled"
          placeholder={trans.__('What is in it')}
          value={choice.note}
          onChange={({ target }) => model.choose({ note: target.value })}
        />
      </div>
      <Check
        label={trans.__('Stop the instance afterwards')}
        checked={choice.stop}
        onChange={stop => model.choose({ stop })}
      />
    </>
  );
}

function Check(props: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}): JSX.Element {
  return (
    <label className="jp-TrainHub-check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={({ target }) => props.onChange(target.checked)}
      />
      {props.label}
    </label>
  );
}
