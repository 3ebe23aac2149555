import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId } from 'react';
import { useHub } from '../../context';
import { commandLine, type IAbsent } from './absent';
import { cellWord } from './cell';
import { needsImage, type PreviewModel } from './model';
import { Remarks, type Show } from './remarks';
import type { IPlan, ISyntax } from './views';

/** What is installed before the job, and what the image lacks of what is imported. */
export function PlanPackages(props: {
  plan: IPlan;
  model: PreviewModel;
  onShow: Show;
}): JSX.Element | null {
  const { trans } = useHub();
  const id = useId();
  const { plan, model, onShow } = props;
  const { setup } = plan;
  if (setup.length === 0 && !needsImage(plan)) {
    return null;
  }
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{trans.__('Packages')}</h3>
      {setup.length > 0 && (
        <>
          <label className="jp-TrainHub-setup">
            <input
              type="checkbox"
              checked={model.isSetUp}
              onChange={({ target }) => model.setUp(target.checked)}
            />
            {trans.__('Install on each node, before the job starts')}
          </label>
          <ul className="jp-TrainHub-files">
            {setup.map(({ cell, argv }, position) => (
              <li key={position}>
                <code>{commandLine(argv)}</code>{' '}
                <span className="jp-TrainHub-cellReason">
                  {cell !== null && cellWord(cell, trans)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {needsImage(plan) && <ImageCheck model={model} onShow={onShow} />}
    </section>
  );
}

/** The image held against the imports; it is looked into when that is asked for. */
function ImageCheck(props: { model: PreviewModel; onShow: Show }): JSX.Element {
  const { trans } = useHub();
  const { model, onShow } = props;
  const { image, absent, unknownSyntax, isLooking, imageProblem } = model;
  const isKnown = image?.state === 'known';
  const warnings = absent.map(missing => ({
    cell: missing.cell,
    message: absentText(missing, image?.image ?? '', trans)
  }));
  return (
    <div className="jp-TrainHub-imageCheck" aria-busy={isLooking}>
      <p role="status">
        {isLooking
          ? trans.__('Looking into the image…')
          : (imageProblem?.advice ??
            (isKnown
              ? (image.message ??
                (absent.length > 0
                  ? trans._n(
                      'Python %2 of the image lacks %1 module.',
                      'Python %2 of the image lacks %1 modules.',
                      absent.length,
                      image.python
                    )
                  : trans.__(
                      'Python %1 of the image has every module that is imported.',
                      image.python
                    )))
              : image && trans.__('Not known yet: what the image has.')))}
      </p>
      {isLooking && (
        <progress
          className="jp-TrainHub-progress"
          aria-label={trans.__('Checking the image')}
        />
      )}
      {image && image.state !== 'known' && !isLooking && (
        <button
          type="button"
          className="jp-TrainHub-addButton"
          onClick={() => void model.look()}
        >
          {trans.__('Check the image')}
        </button>
      )}
      <Remarks
        errors={[]}
        warnings={[
          ...(unknownSyntax
            ? [{ ...unknownSyntax, message: syntaxText(unknownSyntax, trans) }]
            : []),
          ...warnings
        ]}
        onShow={onShow}
      />
    </div>
  );
}

function absentText(
  { module, cell, package: name, installer }: IAbsent,
  image: string,
  trans: TranslationBundle
): string {
  if (cell === null) {
    return trans.__(
      '%1 is not in %2. Put the package %3 into the image.',
      module,
      image,
      name
    );
  }
  const where = cellWord(cell, trans);
  return installer
    ? trans.__(
        '%1 (%2) is not in %3. Put it into the image, or have %4 run before the job.',
        module,
        where,
        image,
        installer
      )
    : trans.__(
        '%1 (%2) is not in %3. Put the package %4 into the image, or install it in a cell by %pip.',
        module,
        where,
        image,
        name
      );
}

function syntaxText(
  { cell, construct, line, python }: ISyntax,
  trans: TranslationBundle
): string {
  const told = trans.__(
    'line %1: %2 needs Python %3 or newer. Choose another image, or write it otherwise.',
    line,
    construct,
    python
  );
  return cell === null ? told : trans.__('%1: %2', cellWord(cell, trans), told);
}
