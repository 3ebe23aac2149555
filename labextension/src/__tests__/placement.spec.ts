import type { IRankFailure } from '../jobs/failure/views';
import { differenceOf } from '../notebook/marks/difference';
import {
  placeFailures,
  type IMark,
  type INotebookCell
} from '../notebook/marks/placement';
import { failure, rankFailure, SOURCES } from './failureViews';

type Id = keyof typeof SOURCES;

function cell(id: Id, changes: Partial<INotebookCell> = {}): INotebookCell {
  return { id, source: SOURCES[id], isCode: true, ...changes };
}

const AS_SUBMITTED = [cell('define'), cell('between'), cell('call')];

/** The marks of the root of one failure, by the ids of cells. */
function marksIn(
  cells: INotebookCell[],
  changes: Partial<IRankFailure> = {}
): Record<string, Pick<IMark, 'isRaised' | 'isChanged' | 'lines'>> {
  const root = rankFailure(5, changes);
  const { marks } = placeFailures([failure({ root })], cells);
  return Object.fromEntries(
    [...marks].map(([id, [{ isRaised, isChanged, lines }]]) => [
      id,
      { isRaised, isChanged, lines }
    ])
  );
}

const RAISED = { isRaised: true, isChanged: false, lines: [2] };
const CALLED = { isRaised: false, isChanged: false, lines: [2] };

describe('placeFailures', () => {
  it('finds the cell that failed and the one that called it', () => {
    expect(marksIn(AS_SUBMITTED)).toEqual({ define: RAISED, call: CALLED });
  });

  it('follows cells that were moved', () => {
    const moved = [cell('call'), cell('between'), cell('define')];
    expect(marksIn(moved)).toEqual({ define: RAISED, call: CALLED });
  });

  it.each([
    ['edited', { source: 'def share(total):\n    return total' }],
    ['no code any more', { isCode: false }]
  ])('knows a cell that is %s', (_, changes) => {
    const cells = [cell('define', changes), cell('call')];
    expect(marksIn(cells).define).toMatchObject({ isChanged: true });
  });

  it('takes blanks at the end for no change', () => {
    const source = `${SOURCES.define}\n`;
    expect(marksIn([cell('define', { source })]).define).toEqual(RAISED);
  });

  it.each<[string, Id[], number]>([
    ['as it was', ['define', 'between', 'call'], 0],
    ['moved', ['between', 'call', 'define'], 2],
    ['copied', ['define', 'define', 'call'], 0]
  ])('finds a cell without its id by its source: %s', (_, ids, place) => {
    const cells = ids.map((id, index) => cell(id, { id: `new-${index}` }));
    const { marks } = placeFailures([failure()], cells);
    const raised = [...marks].filter(([, [mark]]) => mark.isRaised);
    expect(raised.map(([id]) => id)).toEqual([`new-${place}`]);
  });

  it.each([
    ['where it was', 'define', 0, true],
    ['elsewhere', 'define', 1, false],
    ['elsewhere, when cells had no ids', '1', 1, true]
  ])(
    'takes one that is much the same for it: %s',
    (_, cell_id, at, isFound) => {
      const cells = [cell('between', { id: 'other' })];
      const source = 'def share(total):\n    return total / 1';
      cells.splice(at, 0, cell('define', { id: 'new', source }));
      const { new: mark } = marksIn(cells, { cell_id, frames: [] });
      expect(mark?.isChanged ?? false).toBe(isFound);
    }
  );

  it('says that a cell is gone', () => {
    const { marks, lost } = placeFailures(
      [failure()],
      [cell('between'), cell('call')]
    );
    expect([...marks.keys()]).toEqual(['call']);
    expect(lost.map(({ submitted }) => submitted)).toEqual([SOURCES.define]);
  });

  it('has one mark for ranks that failed alike, and marks of others', () => {
    const others = [
      rankFailure(6),
      rankFailure(7, { cell: 1, cell_id: 'between', lineno: 1, frames: [] })
    ];
    const { marks } = placeFailures([failure({ others })], AS_SUBMITTED);
    expect(marks.get('define')).toHaveLength(1);
    expect(marks.get('define')![0].also.map(({ rank }) => rank)).toEqual([6]);
    expect(marks.get('between')![0].rank.rank).toBe(7);
  });

  it('marks lightly where ranks were that were ended', () => {
    const others = [5, 6].map(rank =>
      rankFailure(rank, { etype: null, message: '', reason: 'TimeLimit' })
    );
    const { marks, lost } = placeFailures(
      [failure({ root: null, others, followers: [] })],
      AS_SUBMITTED
    );
    expect([...marks.keys()]).toEqual(['define']);
    expect(marks.get('define')![0]).toMatchObject({ isRaised: false });
    expect(lost).toEqual([]);
  });

  it('marks nothing for what failed outside of cells', () => {
    expect(
      marksIn(AS_SUBMITTED, { cell: null, cell_id: null, frames: [] })
    ).toEqual({});
  });
});

test.each([
  ['a\nb\nc', 'a\nc', '  a\n- b\n  c'],
  ['a', 'a\nb', '  a\n+ b'],
  ['a\nb', 'a\nx', '  a\n- b\n+ x'],
  ['', 'a', '- \n+ a']
])('the difference of %j and %j', (before, after, difference) => {
  expect(differenceOf(before, after)).toBe(difference);
});
