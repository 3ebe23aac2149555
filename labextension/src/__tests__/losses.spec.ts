import { lossText, type Ending } from '../instances/losses';
import type { IFolder, IInstance, IProgressStep } from '../views';
import { trans } from './requestTable';
import { instance } from './views';

const folder = (
  path: string,
  kept: IFolder['kept'],
  read_only = false
): IFolder => ({ path, title: path, kept, read_only, source: null });

const FOLDERS = [
  folder('/mnt/user/ada', 'kept'),
  folder('/home/ada', 'kept'),
  folder('/data', 'kept', true),
  folder('/', 'lost'),
  folder('/dev/shm', 'memory')
];

const started = (state: IProgressStep['state']): IProgressStep[] => [
  { step: 'started', state, at: null, seconds: null }
];

function ask(ending: Ending, changes: Partial<IInstance>) {
  return lossText(ending, instance('x', changes), trans);
}

describe('lossText', () => {
  it.each<Ending>(['stop', 'restart', 'delete'])(
    'says before a %s what is lost and what is kept',
    ending => {
      const text = ask(ending, { folders: FOLDERS })!;
      expect(text.sentences).toContain(
        'Files outside of /mnt/user/ada and /home/ada are gone unless saved as an image.'
      );
      expect(text.kept.map(({ path }) => path)).toEqual([
        '/mnt/user/ada',
        '/home/ada',
        '/data'
      ]);
      expect(text.lost.map(({ path }) => path)).toEqual(['/', '/dev/shm']);
    }
  );

  it('says so when nothing that can be written to is kept', () => {
    const { sentences } = ask('stop', { folders: FOLDERS.slice(2) })!;
    expect(sentences.join(' ')).toContain('all its files are gone');
  });

  it.each<[Ending, Partial<IInstance>]>([
    ['stop', { phase: 'Pending' }],
    ['stop', { phase: 'Starting', progress: started('current') }],
    ['restart', { phase: 'Pending', progress: started('waiting') }],
    ['restart', { phase: 'Failed', progress: started('failed') }],
    ['stop', { phase: 'Stopped' }]
  ])('does not ask before a %s of what does not run: %j', (ending, changes) => {
    expect(ask(ending, { folders: FOLDERS, ...changes })).toBeNull();
  });

  it('asks when the container runs, though it does not answer', () => {
    expect(
      ask('stop', { phase: 'Starting', progress: started('done') })
    ).not.toBeNull();
    expect(
      ask('restart', { phase: 'Failed', progress: started('done') })
    ).not.toBeNull();
  });

  it('talks of no files before what is stopped is deleted', () => {
    const text = ask('delete', { phase: 'Stopped', folders: FOLDERS })!;
    expect(text.sentences).toEqual([
      'Its definition is deleted. This cannot be undone.'
    ]);
    expect(text.lost).toEqual([]);
  });
});
