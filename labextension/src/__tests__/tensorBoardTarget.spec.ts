import { foldersIn, selectedFolders } from '../tensorboards/files';
import {
  keyOfTarget,
  labelOf,
  splitFolder,
  targetOf,
  type ITensorBoardTarget
} from '../tensorboards/target';
import { tensorboard } from './views';

const contents = {
  localPath: (path: string) => path.replace('drive:', ''),
  get: async (path: string) => {
    if (path !== 'runs') {
      throw new Error('no such folder');
    }
    return {
      content: [
        { type: 'directory', path: 'drive:runs/a b' },
        { type: 'file', path: 'drive:runs/notes' }
      ]
    };
  }
} as never;

describe('log folders', () => {
  it.each([
    ['runs', '', 'runs'],
    ['a:runs/x', 'a', 'runs/x'],
    ['a:/mnt/b:c', 'a', '/mnt/b:c'],
    ['/mnt/b:c', '', '/mnt/b:c']
  ])('%s is a path, with a name or without', (text, name, path) => {
    expect(splitFolder(text)).toEqual({ name, path });
  });

  it.each<[ITensorBoardTarget, string]>([
    [{ folders: ['runs/exp 1/'] }, 'exp 1'],
    [{ folders: ['runs/a', 'mine:/b'] }, 'a, mine'],
    [{ folders: [''] }, '/'],
    [{ job: 'train' }, 'train']
  ])('%j is called %s', (target, label) => {
    expect(labelOf(target)).toBe(label);
  });

  it('tells targets apart', () => {
    const keys = [
      { folders: ['a'] },
      { folders: ['a', 'b'] },
      { job: 'a' },
      { instance: 'i', folders: ['a'] },
      { id: 'cluster-a', folders: ['a'] }
    ].map(keyOfTarget);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOfTarget({ id: '0123456789abcdef', folders: ['a'] })).toBe('a');
  });

  it('are asked for again where they were', () => {
    const folders = ['/mnt/a'];
    expect(targetOf(tensorboard('1', { folders }))).toEqual({
      id: '1',
      folders
    });
    expect(
      targetOf(tensorboard('cluster-a', { folders, where: 'cluster' }))
    ).toMatchObject({ id: 'cluster-a', folders, where: 'cluster' });
  });

  it.each([
    ['runs/', ['runs/a b']],
    ['x:runs/', ['x:runs/a b']],
    ['none/', []],
    ['/runs/', []]
  ])('%s can go on', async (text, found) => {
    expect(await foldersIn(contents, text)).toEqual(found);
  });

  it('are those that are selected, and those of event files', () => {
    const select = (...items: [string, string][]): string[] =>
      selectedFolders(
        {
          model: { path: 'drive:here' },
          selectedItems: () =>
            items
              .map(([type, path]) => ({
                type,
                path,
                name: path.split('/').pop()
              }))
              .values()
        } as never,
        contents
      );
    expect(
      select(
        ['directory', 'drive:runs/a'],
        ['file', 'drive:runs/b/events.out.tfevents.1.host'],
        ['file', 'drive:runs/b/events.out.tfevents.2.host'],
        ['file', 'drive:notes.txt']
      )
    ).toEqual(['runs/a', 'runs/b']);
    expect(select(['file', 'drive:notes.txt'])).toEqual(['here']);
    expect(selectedFolders(null, contents)).toEqual([]);
  });
});
