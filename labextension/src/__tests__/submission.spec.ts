import { Notification } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import type { IPlannedCell } from '../jobs/preview/views';
import { changedCells, lastJobOf, submitAgain } from '../notebook/again';
import { isRunnable } from '../notebook/openFile';
import { SourceFile, type Desk } from '../notebook/source';
import { firstLineOf } from '../notebook/textFile';
import { hubContext } from './hub';
import { RequestTable, trans } from './requestTable';
import { job } from './views';

const PATH = 'work/train.ipynb';

const planned = (
  index: number | null,
  source: string,
  action: IPlannedCell['action'] = 'run'
): IPlannedCell => ({
  index,
  id: String(index),
  source,
  original: source,
  action,
  reason: '',
  writes: null
});

/** An editor on a file. */
class FakeFile extends Widget {
  constructor(path: string, isDirty: boolean, isWritable = true) {
    super();
    this.context = {
      path,
      contentsModel: { writable: isWritable },
      model: {
        dirty: isDirty,
        stateChanged: new Signal<object, { name: string }>({})
      },
      save: async () => {
        this.saves += 1;
        if (this.failure) {
          throw this.failure;
        }
        this.context.model.dirty = false;
      }
    };
  }

  readonly content = new Widget();
  readonly context;
  failure: Error | null = null;
  saves = 0;
}

describe('SourceFile', () => {
  let files: FakeFile[];
  let told: string[];
  let fileChanged: Signal<object, { newValue: { path: string } }>;
  let currentChanged: Signal<object, object>;

  const open = (...shown: FakeFile[]): SourceFile => {
    files = shown;
    fileChanged = new Signal({});
    currentChanged = new Signal({});
    const desk = {
      shell: { widgets: () => [new Widget(), ...files], currentChanged },
      serviceManager: {
        contents: {
          localPath: (path: string) => path.replace(/^\w+:/, ''),
          fileChanged
        }
      }
    };
    return new SourceFile(PATH, desk as unknown as Desk);
  };

  beforeEach(() => {
    told = [];
    jest.spyOn(Notification, 'emit').mockImplementation(message => {
      told.push(message);
      return '';
    });
  });

  it('saves what has changes, in whichever editor and drive', async () => {
    const [dirty, clean, other] = [
      new FakeFile(`RTC:${PATH}`, true),
      new FakeFile(PATH, false),
      new FakeFile('other.ipynb', true)
    ];
    const source = open(clean, dirty, other);
    expect(source.isDirty).toBe(true);
    expect(await source.saveOrTell({ trans })).toBe(true);
    expect([dirty, clean, other].map(({ saves }) => saves)).toEqual([1, 0, 0]);
    expect(source.isDirty).toBe(false);
  });

  it('tells why nothing was saved, and loses nothing', async () => {
    const file = new FakeFile(PATH, true);
    file.failure = new Error('Cancel');
    expect(await open(file).saveOrTell({ trans })).toBe(false);
    const readOnly = new FakeFile(PATH, true, false);
    expect(await open(readOnly).saveOrTell({ trans })).toBe(false);
    expect(readOnly.saves).toBe(0);
    expect(readOnly.context.model.dirty).toBe(true);
    expect(told).toEqual(
      Array(2).fill('train.ipynb could not be saved. Nothing else was done.')
    );
  });

  it('tells of changes, also in an editor that is opened later', () => {
    const source = open();
    const seen: string[] = [];
    source.changed.connect((_, change) => seen.push(change));
    const file = new FakeFile(PATH, false);
    files.push(file);
    currentChanged.emit({});
    file.context.model.stateChanged.emit({ name: 'dirty' });
    file.context.model.stateChanged.emit({ name: 'readOnly' });
    fileChanged.emit({ newValue: { path: `RTC:${PATH}` } });
    fileChanged.emit({ newValue: { path: 'other.ipynb' } });
    expect(seen).toEqual(['edited', 'saved']);
  });

  it.each([
    ['a.ipynb', true],
    ['a.py', true],
    ['a.md', true],
    ['a.json', false]
  ])('%s can run: %s', (path, expected) => {
    expect(isRunnable(new FakeFile(path, false))).toBe(expected);
  });
});

describe('submitAgain', () => {
  const LAST = job('train-2', {
    created: '2026-11-22T02:00:00Z',
    run: 'train-2-89abcdef',
    spec: { name: 'train-2', notebook: PATH, nodes: 3, env: { SEED: '1' } }
  });
  const OLDER = job('train', {
    created: '2026-11-22T01:00:00Z',
    spec: { name: 'train', notebook: PATH }
  });
  // Whose file is called alike, and whose image could read this one.
  const ALIEN = job('train-9', {
    owner: 'eve',
    created: '2026-11-22T03:00:00Z',
    spec: { name: 'train-9', notebook: PATH, image: 'eve/trap' }
  });
  const RECORD = {
    cells: [
      { index: null, id: 'parameters', source: 'lr = 1' },
      { index: 0, id: '0', source: 'import torch' },
      { index: 1, id: '1', source: 'old()' },
      { index: 5, id: '5', source: 'gone()' }
    ]
  };
  const NOW = [
    planned(null, 'lr = 1'),
    planned(0, 'import torch'),
    planned(1, 'new()'),
    planned(2, 'fresh()'),
    planned(3, 'no', 'skip')
  ];
  let table: RequestTable;
  let hub: IHubContext;
  let opened: unknown[];
  let told: string[];

  const begin = (answers: RequestTable['answers']): Promise<void> => {
    table = new RequestTable({
      'GET status': { body: { user: LAST.owner, cluster: {} } },
      'GET jobs': { body: { items: [ALIEN, OLDER, LAST] } },
      'POST jobs/preview': { body: { cells: NOW, errors: [] } },
      'POST jobs': { body: job('train-3') },
      'GET runs/train-2-89abcdef/file': { body: JSON.stringify(RECORD) },
      ...answers
    });
    hub = hubContext(table);
    opened = [];
    told = [];
    hub.commands.addCommand(CommandIDs.openJobForm, {
      describedBy: { args: { type: 'object' } },
      execute: args => void opened.push(args)
    });
    jest.spyOn(Notification, 'emit').mockImplementation(message => {
      told.push(message);
      return '';
    });
    return submitAgain(hub, PATH);
  };

  it('takes the settings of the last job, and tells what has changed', async () => {
    await begin({});
    expect(table.bodies[table.bodies.length - 1]).toEqual({
      spec: { ...LAST.spec, name: 'train-3' }
    });
    expect(told).toEqual([
      'Job train-3 is submitted with the settings of train-2. ' +
        'Changed since: cell 2. New since: cell 3. 1 cell is gone since.'
    ]);
  });

  it('goes without a record of the last run', async () => {
    await begin({ 'GET runs/train-2-89abcdef/file': { status: 404 } });
    expect(told).toEqual([
      'Job train-3 is submitted with the settings of train-2.'
    ]);
  });

  it('opens the form where there was no job, or where it cannot run', async () => {
    await begin({ 'GET jobs': { body: { items: [] } } });
    expect(opened).toEqual([{ notebook: PATH }]);
    await begin({
      'POST jobs/preview': {
        body: { cells: NOW, errors: [{ cell: 1, message: 'no' }] }
      }
    });
    expect(opened).toEqual([{ clone: 'train-2' }]);
    expect(table.asked).not.toContain('POST jobs');
  });

  it('tells what the server refuses', async () => {
    await begin({
      'POST jobs': { status: 403, body: { message: 'no', reason: 'Quota' } }
    });
    expect(told).toEqual([`${PATH} could not be submitted again.`]);
  });

  it('finds the newest job of a file, and what is the same', () => {
    expect(lastJobOf(PATH, [LAST, OLDER])?.name).toBe('train-2');
    expect(lastJobOf('x.ipynb', [LAST])).toBeUndefined();
    const same = NOW.filter(({ action }) => action === 'run');
    expect(changedCells(same, NOW)).toEqual({
      changed: [],
      added: [],
      removed: 0
    });
  });
});

describe('firstLineOf', () => {
  it.each([
    ['a\nb\nc', 'b\nc', 1],
    ['a\nb', 'z', null],
    ['a\nb', null, null]
  ])('%j has %j at %s', (text, part, expected) => {
    expect(firstLineOf(text, part)).toBe(expected);
  });
});
