declare const require: (path: string) => { version: string };

/** The version of this front end. */
// `import` would draw package.json into the folder of the compiled sources.
export const VERSION = require('../package.json').version;

/**
 * Whether a version of the server half belongs to a version of the front end. npm writes
 * pre-releases as `1.0.0-rc.1`, Python as `1.0.0rc1`.
 */
export function sameVersion(server: string, frontEnd = VERSION): boolean {
  return normalise(server) === normalise(frontEnd);
}

function normalise(version: string): string {
  return version
    .replace(/alpha/, 'a')
    .replace(/beta/, 'b')
    .replace(/-?(a|b|rc)\.?(\d+)/, '$1$2');
}
