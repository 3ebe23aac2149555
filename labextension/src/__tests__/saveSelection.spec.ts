import {
  NOTHING_CHOSEN,
  joinName,
  savedOf,
  specOf,
  splitName,
  tickOf,
  toggle
} from '../images/save/selection';
import { measurement } from './imageViews';

describe('What is chosen of an instance', () => {
  it.each([
    ['/root', null, 'mixed'],
    ['/root/data', '/root', 'false'],
    ['/root/data/deep', '/root/data', 'false'],
    ['/root/database', '/root', 'true'],
    [null, '/root/data', 'false'],
    [null, '/root', 'true'],
    ['/opt', null, 'true']
  ])('ticks %s in %s as %s', (path, parent, tick) => {
    expect(tickOf(path, parent, ['/root/data'])).toBe(tick);
  });

  it('leaves a folder out with all below it, and takes it in again', () => {
    const left = toggle('/root', toggle('/root/data', []));
    expect(left).toEqual(['/root']);
    expect(toggle('/root/data', left)).toEqual(['/root']);
    expect(toggle('/root', left)).toEqual([]);
  });

  it('counts what is saved', () => {
    const choice = {
      ...NOTHING_CHOSEN,
      leftOut: ['/root/data', '/opt'],
      kept: ['/tmp']
    };
    expect(savedOf(measurement(), choice)).toEqual({ files: 25, bytes: 2500 });
  });

  it('asks for exactly what was chosen', () => {
    const choice = {
      ...NOTHING_CHOSEN,
      image: 'r/x:1',
      leftOut: ['/root/a[1]*'],
      kept: ['/tmp'],
      stop: true
    };
    expect(specOf(choice)).toEqual({
      image: 'r/x:1',
      note: '',
      exclude: ['/root/a[[]1][*]'],
      include: ['/tmp'],
      secrets: 'exclude',
      overwrite: false,
      then: 'stop'
    });
  });

  it.each([
    [false, 'exclude'],
    [true, 'include']
  ])('keeps secrets only when that is chosen: %s', (keepSecrets, secrets) => {
    expect(specOf({ ...NOTHING_CHOSEN, keepSecrets }).secrets).toBe(secrets);
  });

  it.each([
    ['r.example/team/ada/desk:1', 'r.example/team', 'ada/desk', '1'],
    ['r.example:5000/ada/desk', 'r.example:5000', 'ada/desk', ''],
    ['desk:1', '', 'desk', '1']
  ])('takes the name %s apart', (name, prefix, repository, tag) => {
    const parts = splitName(name, 'r.example/team');
    expect(parts).toEqual({ prefix, repository, tag });
    expect(joinName(parts)).toBe(name);
  });
});
