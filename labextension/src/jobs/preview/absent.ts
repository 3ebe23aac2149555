import type { IImageModules, IPlan, IPlanImport, ISyntax } from './views';

/** A module that the image lacks, and the setup line of the notebook that would install it. */
export interface IAbsent extends IPlanImport {
  installer: string | null;
}

/** The modules that nothing brings: not the image, nor a setup that is to run. */
export function absentModules(plan: IPlan, image: IImageModules): IAbsent[] {
  const there = new Set(image.modules);
  return plan.imports
    .filter(({ module }) => !there.has(module))
    .map(absent => ({ ...absent, setup: installerOf(absent, plan) }))
    .filter(({ setup }) => !setup?.run)
    .map(({ setup, ...absent }) => ({
      ...absent,
      installer: setup ? commandLine(setup.argv) : null
    }));
}

/** What the Python of the image is too old for; null where it is not. */
export function unknownSyntax(
  { syntax }: IPlan,
  { python }: IImageModules
): ISyntax | null {
  const isOlder =
    syntax !== null &&
    python !== null &&
    python.localeCompare(syntax.python, undefined, { numeric: true }) < 0;
  return isOlder ? syntax : null;
}

/** An installation as people write it: `pip install einops`. */
export function commandLine(argv: readonly string[]): string {
  const isModule = argv[0] === 'python' && argv[1] === '-m';
  return argv.slice(isModule ? 2 : 0).join(' ');
}

function installerOf(
  { module, package: name }: IPlanImport,
  { setup }: IPlan
): IPlan['setup'][number] | undefined {
  const wanted = [normalized(name), normalized(module)];
  return setup.find(({ argv }) =>
    argv.some(word => wanted.includes(normalized(word)))
  );
}

/**
 * The name of a distribution without version and extras, as registries compare them
 * (https://packaging.python.org/en/latest/specifications/name-normalization/).
 */
function normalized(requirement: string): string {
  const [name] = requirement.split(/[[<>=!~;@ ]/);
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
