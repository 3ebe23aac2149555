import { act, fireEvent, screen, within } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import React from 'react';
import type { IHubContext } from '../context';
import { absentModules } from '../jobs/preview/absent';
import { PreviewModel } from '../jobs/preview/model';
import { PreviewPanel } from '../jobs/preview/plan';
import { treeOf } from '../jobs/preview/tree';
import {
  PARAMETERS_ID,
  type IImageModules,
  type IPlan,
  type IPlannedCell
} from '../jobs/preview/views';
import type { IPlannedPlace, SourceFile } from '../notebook/source';
import { hubContext, renderInHub } from './hub';
import { pass } from './instanceBench';
import { RequestTable } from './requestTable';

/** Longer than the quiet after which the server is asked. */
const QUIET = 600;

const cell = (
  index: number | null,
  source: string,
  more: Partial<IPlannedCell> = {}
): IPlannedCell => ({
  index,
  id: index === null ? PARAMETERS_ID : `id-${index}`,
  source,
  original: source,
  action: 'run',
  reason: '',
  writes: null,
  ...more
});

const EMPTY: IPlan = {
  cells: [],
  files: [],
  left_out_files: [],
  bytes: 0,
  max_bytes: 1024,
  setup: [],
  imports: [],
  syntax: null,
  language: 'notebook',
  warnings: [],
  errors: []
};

const PLAN: IPlan = {
  ...EMPTY,
  cells: [
    cell(null, 'lr = 0.1', { original: '', action: 'changed' }),
    cell(1, '\nimport torch', {
      original: '%matplotlib inline\nimport torch',
      action: 'changed',
      reason: '%matplotlib is left out'
    }),
    cell(3, 'th.submit()', { action: 'skip', reason: 'tagged trainhub-skip' }),
    cell(4, 'x = 1', { action: 'changed', writes: 'lib/model.py' })
  ],
  files: [
    { name: 'lib/model.py', bytes: 10, origin: 'cell', imported_by: [] },
    { name: 'data.py', bytes: 2048, origin: 'module', imported_by: [1] }
  ],
  left_out_files: [{ name: 'a.ckpt', bytes: 1 << 20, reason: 'too large' }],
  bytes: 2058,
  max_bytes: 1 << 20,
  setup: [
    {
      cell: 1,
      argv: ['python', '-m', 'pip', 'install', 'einops>=0.7'],
      run: false
    }
  ],
  imports: [
    { module: 'torch', cell: 1, package: 'torch' },
    { module: 'einops', cell: 4, package: 'einops' }
  ],
  warnings: [
    { cell: null, message: 'the notebook has no parameters' },
    { cell: 1, message: 'line 2: cuda:0 is one GPU', line: 2 }
  ],
  errors: [{ cell: 4, message: 'it does not parse.', line: 1 }]
};

const IMAGE: IImageModules = {
  image: 'img:1',
  digest: null,
  state: 'known',
  python: '3.11.2',
  modules: ['torch'],
  message: null,
  instant: false
};

/** A file in an editor that remembers what was shown of it. */
class FakeSource {
  readonly path = 'work/train.ipynb';
  readonly name = 'train.ipynb';
  readonly changed = new Signal<FakeSource, 'saved' | 'edited'>(this);
  readonly revealed: IPlannedPlace[] = [];
  isDirty = false;
  saved = 0;

  async reveal(place: IPlannedPlace): Promise<void> {
    this.revealed.push(place);
  }

  async saveOrTell(): Promise<boolean> {
    this.saved += 1;
    return true;
  }
}

describe('PreviewPanel', () => {
  let table: RequestTable;
  let hub: IHubContext;
  let source: FakeSource;
  let model: PreviewModel;
  let setUp: boolean[];
  let image: IImageModules;

  async function open(plan: Partial<IPlan> = PLAN): Promise<void> {
    table = new RequestTable({
      'POST jobs/preview': { body: { ...EMPTY, ...plan } },
      'GET images/modules': () => ({ body: image }),
      'POST images/modules': () => {
        image = IMAGE;
        return { body: image };
      },
      'GET notebooks/ignore': { body: { text: '# data/', exists: false } },
      'PUT notebooks/ignore': { status: 204, body: '' }
    });
    hub = hubContext(table);
    source = new FakeSource();
    setUp = [];
    model = new PreviewModel(hub, source as unknown as SourceFile, wanted =>
      setUp.push(wanted)
    );
    renderInHub(<PreviewPanel model={model} />, hub);
    act(() => model.show({ name: 'train', image: 'img:1' }));
    await pass(QUIET);
  }

  const shown = (number: string): ReturnType<typeof within> =>
    within(document.querySelector(`[data-trainhub-cell="${number}"]`)!);
  const asked = (route: string): number =>
    table.asked.filter(request => request.startsWith(route)).length;

  beforeEach(() => {
    jest.useFakeTimers();
    image = IMAGE;
  });

  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
  });

  it('shows each cell in order, and what becomes of it', async () => {
    await open();
    const cells = document.querySelectorAll('.jp-TrainHub-cell');
    expect(
      Array.from(cells).map(item => item.getAttribute('data-action'))
    ).toEqual(['changed', 'changed', 'skip', 'changed']);
    expect(screen.getByText('3 of 4 cells run.')).toBeTruthy();
    expect(shown(PARAMETERS_ID).getByText('lr = 0.1')).toBeTruthy();
    // Numbers are those that people count in the notebook, from 1.
    expect(shown('1').getByText('Cell 2')).toBeTruthy();
    expect(shown('1').getByText('%matplotlib is left out')).toBeTruthy();
    expect(shown('1').getByLabelText(/what changes/).textContent).toBe(
      '- %matplotlib inline\n+ \n  import torch\n'
    );
    expect(shown('4').getByText('Writes lib/model.py')).toBeTruthy();
    const skipped = shown('3').getByRole('group');
    expect(skipped.hasAttribute('open')).toBe(false);
  });

  it('leads from a remark to its line in the editor', async () => {
    await open();
    fireEvent.click(shown('1').getByRole('button', { name: /cuda:0/ }));
    fireEvent.click(shown('3').getByRole('button', { name: 'Cell 4' }));
    expect(source.revealed).toEqual([
      {
        cell: 1,
        id: 'id-1',
        source: '%matplotlib inline\nimport torch',
        line: 2
      },
      { cell: 3, id: 'id-3', source: 'th.submit()', line: null }
    ]);
    expect(screen.getByText(/The notebook has no parameters/)).toBeTruthy();
  });

  it('shows a script, and leads to its lines', async () => {
    await open({
      language: 'script',
      cells: [cell(null, 'import einops', { id: 'tool.py' })],
      imports: [{ module: 'einops', cell: null, package: 'einops' }],
      warnings: [{ cell: null, line: 3, message: 'line 3: no such path' }]
    });
    expect(screen.getByText('A Python script: it runs as it is.')).toBeTruthy();
    expect(screen.getByText(/einops is not in img:1/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: /no such path/ }));
    fireEvent.click(screen.getByRole('button', { name: 'tool.py' }));
    expect(source.revealed.map(({ cell, line }) => [cell, line])).toEqual([
      [null, 3],
      [null, null]
    ]);
  });

  it('goes from one error to the next', async () => {
    Element.prototype.scrollIntoView = jest.fn();
    await open({
      ...PLAN,
      errors: [...PLAN.errors, { cell: 3, message: 'skipped.' }]
    });
    const count = screen.getByRole('button', { name: '2 errors, 3 warnings' });
    const focused = [1, 2, 3].map(() => {
      fireEvent.click(count);
      return document.activeElement?.textContent;
    });
    expect(focused).toEqual([
      'Error: skipped.',
      'Error: it does not parse.',
      'Error: skipped.'
    ]);
  });

  it('shows what travels, what stays, and how much room is left', async () => {
    await open();
    const files = within(
      screen.getByRole('region', { name: 'Files that go along' })
    );
    expect(files.getByText('lib/')).toBeTruthy();
    expect(files.getByText('imported in Cell 2')).toBeTruthy();
    expect(files.getByText('2 KiB of 1 MiB')).toBeTruthy();
    expect(files.getByText('too large')).toBeTruthy();
    fireEvent.click(files.getByRole('button', { name: 'Leave files out…' }));
    await pass(0);
    const editor = files.getByRole<HTMLTextAreaElement>('textbox');
    expect(editor.value).toBe('# data/');
    fireEvent.change(editor, { target: { value: 'data/' } });
    const before = asked('POST jobs/preview');
    fireEvent.click(files.getByRole('button', { name: 'Save' }));
    await pass(QUIET);
    expect(table.bodies).toContainEqual({ text: 'data/' });
    expect(asked('POST jobs/preview')).toBe(before + 1);
    expect(files.queryByRole('textbox')).toBeNull();
  });

  it('says what the image lacks, and what would bring it', async () => {
    await open();
    const packages = within(screen.getByRole('region', { name: 'Packages' }));
    expect(
      packages.getByText(/einops \(Cell 5\) is not in img:1/).textContent
    ).toContain('pip install einops>=0.7');
    expect(packages.queryByText(/torch \(Cell/)).toBeNull();
    fireEvent.click(packages.getByRole('checkbox'));
    expect(setUp).toEqual([true]);
  });

  it('says what the Python of the image is too old for', async () => {
    const syntax = { python: '3.12', construct: 'type', cell: 3, line: 2 };
    await open({ ...PLAN, imports: [], syntax });
    fireEvent.click(
      screen.getByRole('button', { name: /type needs Python 3.12 or newer/ })
    );
    expect(source.revealed[0].line).toBe(2);
    table.answers['POST jobs/preview'] = {
      body: { ...PLAN, syntax: { ...syntax, python: '3.8' } }
    };
    act(() => model.renew());
    await pass(QUIET);
    expect(screen.queryByText(/or newer/)).toBeNull();
  });

  it('looks into an image only when asked to', async () => {
    image = { ...IMAGE, state: 'unknown', modules: [], python: null };
    await open();
    expect(screen.queryByText(/is not in img/)).toBeNull();
    expect(asked('POST images/modules')).toBe(0);
    fireEvent.click(screen.getByRole('button', { name: 'Check the image' }));
    await pass(QUIET);
    expect(screen.getByText(/einops .* is not in img:1/)).toBeTruthy();
  });

  it('looks at once where nothing is pulled', async () => {
    image = { ...IMAGE, state: 'unknown', instant: true };
    await open();
    await pass(QUIET);
    expect(asked('POST images/modules')).toBe(1);
    expect(screen.getByText(/einops .* is not in img:1/)).toBeTruthy();
  });

  it('asks for no image when nothing is missing', async () => {
    await open({ ...PLAN, imports: [] });
    expect(asked('GET images/modules')).toBe(0);
  });

  it('is old while the file is edited, and new when it is saved', async () => {
    await open();
    const old = (): boolean =>
      screen.queryByText(/This is the saved state of train.ipynb/) !== null;
    expect(old()).toBe(false);
    act(() => {
      source.isDirty = true;
      source.changed.emit('edited');
    });
    expect(old()).toBe(true);
    expect(asked('POST jobs/preview')).toBe(1);
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    expect(source.saved).toBe(1);
    act(() => {
      source.isDirty = false;
      source.changed.emit('saved');
    });
    await pass(QUIET);
    expect(old()).toBe(false);
    expect(asked('POST jobs/preview')).toBe(2);
  });

  it('keeps the last plan beside why there is no newer one', async () => {
    await open();
    table.answers['POST jobs/preview'] = {
      status: 503,
      body: { message: 'the cluster does not answer', reason: 'Unavailable' }
    };
    act(() => model.renew());
    await pass(QUIET);
    expect(
      screen.getByText('No preview of this: The cluster does not answer.')
    ).toBeTruthy();
    expect(screen.getByText('3 of 4 cells run.')).toBeTruthy();
  });

  it('shows five hundred cells', async () => {
    await open({
      cells: Array.from({ length: 500 }, (_, index) =>
        cell(index, `x${index} = ${index}`)
      )
    });
    expect(screen.getByText('500 of 500 cells run.')).toBeTruthy();
    expect(shown('499').getByText('x499 = 499')).toBeTruthy();
  });
});

describe('absentModules', () => {
  const imports = [{ module: 'cv2', cell: 0, package: 'opencv-python' }];
  const setup = (run: boolean): IPlan['setup'] => [
    { cell: 0, argv: ['python', '-m', 'pip', 'install', 'OpenCV_Python'], run }
  ];
  it.each<[string, Partial<IPlan>, string[]]>([
    ['none installs it', {}, ['null']],
    [
      'a setup would install it',
      { setup: setup(false) },
      ['pip install OpenCV_Python']
    ],
    ['a setup installs it', { setup: setup(true) }, []]
  ])('%s', (_, plan, expected) => {
    const found = absentModules({ ...EMPTY, imports, ...plan }, IMAGE);
    expect(found.map(({ installer }) => String(installer))).toEqual(expected);
  });
});

describe('treeOf', () => {
  it('puts files into their folders, folders first', () => {
    const file = (name: string): IPlan['files'][number] => ({
      name,
      bytes: 1,
      origin: 'module',
      imported_by: []
    });
    const tree = treeOf(['b.py', 'a/c/d.py', 'a/e.py', 'a.py'].map(file));
    expect(tree.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['a', 2],
      ['a.py', 1],
      ['b.py', 1]
    ]);
    expect(tree[0].children.map(({ name }) => name)).toEqual(['c', 'e.py']);
  });
});
