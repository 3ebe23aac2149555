import { sameVersion, VERSION } from '../version';

describe('sameVersion', () => {
  it('compares with the version of this package', () => {
    expect(sameVersion(VERSION)).toBe(true);
    expect(sameVersion('0.0.0')).toBe(false);
  });

  it.each([
    ['1.0.0rc1', '1.0.0-rc.1'],
    ['1.2.0a0', '1.2.0-alpha.0'],
    ['1.2.0b3', '1.2.0-beta.3']
  ])('takes %s of Python for %s of npm', (server, frontEnd) => {
    expect(sameVersion(server, frontEnd)).toBe(true);
  });
});
