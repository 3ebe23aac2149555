import { NBTestUtils } from '@jupyterlab/notebook/lib/testutils';
import { NotebookModel, type NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { StateDB } from '@jupyterlab/statedb';
import { act } from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';
import { CommandIDs } from '../commands';
import type { IFailure } from '../jobs/failure/views';
import { DismissedFailures } from '../notebook/marks/dismissed';
import { NotebookMarks } from '../notebook/marks/notebookMarks';
import { MarkStatus } from '../notebook/marks/status';
import { failure, rankFailure, SOURCES } from './failureViews';
import { hubContext } from './hub';
import { pass } from './instanceBench';
import { RequestTable } from './requestTable';
import { job, STATUS } from './views';
import type { JobPhase } from '../views';

globalThis.ResizeObserver = class {
  observe = jest.fn();
  unobserve = jest.fn();
  disconnect = jest.fn();
};

/** Longer than the quiet after which marks are placed. */
const QUIET = 300;

/** A notebook that is open, and what the server says of its jobs. */
class Bench {
  constructor(public failures: IFailure[] | null) {
    const { content } = this;
    content.model = new NotebookModel();
    content.model.fromJSON({
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
      cells: Object.entries(SOURCES).map(([id, source]) => ({
        id,
        cell_type: 'code',
        source,
        metadata: {},
        outputs: [],
        execution_count: null
      }))
    });
    this.panel.addWidget(this.contentHeader);
    this.panel.addWidget(content);
    Widget.attach(this.panel, document.body);
    this.marks = new NotebookMarks(
      Object.assign(this.panel, {
        content,
        contentHeader: this.contentHeader,
        context: {
          path: 'RTC:train.ipynb',
          pathChanged: new Signal(this),
          ready: Promise.resolve()
        }
      }) as unknown as NotebookPanel,
      this.hub,
      { localPath: path => path.replace('RTC:', '') } as Contents.IManager,
      new DismissedFailures(this.state)
    );
  }

  readonly content = NBTestUtils.createNotebook();
  readonly contentHeader = new Panel();
  readonly panel = new Panel();
  readonly state = new StateDB();
  readonly table = new RequestTable({
    'GET notebooks/failures': () =>
      this.failures
        ? { body: { items: this.failures } }
        : { status: 503, body: { message: 'away', reason: 'ClusterAway' } },
    'GET status': { body: STATUS },
    ...Object.fromEntries(
      ['instances', 'jobs', 'tensorboards', 'transfers'].map(kind => [
        `GET ${kind}`,
        { body: { items: [] } }
      ])
    )
  });
  readonly hub = hubContext(this.table);
  readonly marks: NotebookMarks;

  /** What is said of each cell, by its place; empty for nothing. */
  get said(): string[] {
    return this.content.widgets.map(
      ({ node }) =>
        node.querySelector('.jp-TrainHub-marks:not(.lm-mod-hidden)')
          ?.textContent ?? ''
    );
  }

  /** The lines that are marked in the editors. */
  get lines(): string[] {
    return Array.from(
      this.panel.node.querySelectorAll(
        '.cm-line:is(.jp-TrainHub-failedLine, .jp-TrainHub-lightLine)'
      ),
      line => line.textContent ?? ''
    );
  }

  get asked(): number {
    return this.table.asked.filter(asked => asked.includes('notebooks')).length;
  }

  /** Does something, and waits until marks are placed anew. */
  async after(action: () => unknown = () => null): Promise<void> {
    await act(async () => void (await action()));
    await pass(QUIET);
  }
}

describe('NotebookMarks', () => {
  let bench: Bench;

  async function open(failures: IFailure[] | null): Promise<void> {
    bench = new Bench(failures);
    await bench.after();
  }

  beforeEach(() => jest.useFakeTimers());

  afterEach(() => {
    act(() => bench.panel.dispose());
    jest.useRealTimers();
  });

  it('marks the cell that failed, the cell that called it, and their lines', async () => {
    await open([failure()]);
    const [define, between, call] = bench.said;
    expect(define).toContain(
      'Rank 5 on node gpu-2 (job train) failed here, line 2:'
    );
    expect(define).toContain('A divisor is zero.');
    expect(between).toBe('');
    expect(call).toBe(
      'Called from here, line 2: the error of job train in cell 1, line 2.'
    );
    expect(bench.lines).toEqual(['    return total / 0', '    share(1)']);
    expect(
      bench.panel.node.querySelector(':scope > [role="status"]')?.textContent
    ).toBe('job train: ZeroDivisionError: division by zero');
    expect(JSON.stringify(bench.content.model!.toJSON())).not.toContain('Rank');
  });

  it('marks a cell that was not saved when it ran', async () => {
    const root = rankFailure(0, { cell: null, frames: [] });
    await open([failure({ root, followers: [] })]);
    expect(bench.said[0]).toContain('failed here, line 2:');
  });

  it('says that a cell has changed, and takes it back when it is as before', async () => {
    await open([failure()]);
    const { sharedModel } = bench.content.model!.cells.get(0);
    await bench.after(() => sharedModel.updateSource(0, 0, '# new\n'));
    expect(bench.said[0]).toContain(
      'This cell has changed since job train was submitted.'
    );
    expect(bench.said[0]).toContain('+ # new\n');
    expect(bench.lines).toEqual(['    share(1)']);
    await bench.after(() => sharedModel.updateSource(0, 6, ''));
    expect(bench.said[0]).not.toContain('changed');
    expect(bench.lines).toHaveLength(2);
  });

  it('says above the notebook what failed in a cell that is gone', async () => {
    await open([failure()]);
    await bench.after(() => bench.content.model!.sharedModel.deleteCell(0));
    expect(bench.contentHeader.node.textContent).toContain(
      'failed in a cell that is not in this notebook any more'
    );
    expect(bench.contentHeader.node.textContent).toContain('return total / 0');
  });

  it('asks anew when a job of the notebook ends, and no sooner', async () => {
    await open([failure()]);
    const put = (phase: JobPhase, notebook: string): Promise<void> =>
      bench.after(() =>
        bench.hub.store.put(job('other', { phase, spec: { notebook } }))
      );
    bench.failures = [];
    await put('Running', 'train.ipynb');
    await put('Failed', 'other.ipynb');
    expect(bench.asked).toBe(1);
    // One that was submitted elsewhere is named by its place on the disk.
    await put('Succeeded', '/home/ada/train.ipynb');
    expect(bench.asked).toBe(2);
    expect(bench.said.join('')).toBe('');
  });

  it('asks again when the cluster is there', async () => {
    await open(null);
    bench.failures = [failure()];
    await bench.after(() => bench.hub.store.watch());
    expect(bench.said[0]).toContain('Rank 5');
  });

  it('shows no longer what was dismissed, also after a reload', async () => {
    await open([failure()]);
    const dismiss = bench.panel.node.querySelector<HTMLElement>(
      '[title="Show the errors of this job no longer"]'
    );
    await bench.after(() => dismiss!.click());
    expect(bench.said.join('')).toBe('');
    expect(bench.lines).toEqual([]);
    const again = new DismissedFailures(bench.state);
    await again.ready;
    expect(again.has(failure())).toBe(true);
    expect(again.has(failure({ attempt: 2 }))).toBe(false);
  });

  it('goes from error to error, and counts them in the status bar', async () => {
    const others = [
      rankFailure(6, {
        cell: 1,
        cell_id: 'between',
        cell_source: 'import sys',
        frames: []
      })
    ];
    await open([failure({ others })]);
    const { content, hub, marks } = bench;
    content.scrollToCell = async () => undefined;
    content.activeCellIndex = 0;
    const visited: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await act(() => marks.showNext());
      visited.push(content.activeCellIndex);
    }
    expect(visited).toEqual([1, 0, 1]);
    hub.commands.addCommand(CommandIDs.showNextError, {
      describedBy: { args: {} },
      execute: () => marks.showNext()
    });
    const status = new MarkStatus(hub);
    status.notebook = marks;
    Widget.attach(status, bench.panel.node);
    await pass(0);
    expect(status.node.textContent).toBe('2 errors from job train');
    status.node.querySelector('button')!.click();
    await pass(0);
    expect(content.activeCellIndex).toBe(0);
    expect(content.activeCell!.editor!.getSelection()).toMatchObject({
      start: { line: 1, column: 0 },
      end: { line: 1, column: 20 }
    });
    expect(
      await marks.show({ ...rankFailure(1), cell_id: 'x', cell_source: 'y' })
    ).toBe(false);
  });
});
