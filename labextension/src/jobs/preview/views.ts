/** The id of the cell that sets the parameters. */
export const PARAMETERS_ID = 'injected-parameters';

/**
 * What becomes of one code cell when the notebook runs as a job. `index` is its position among all
 * cells of the notebook, from 0; null for the cell that sets the parameters
 * and for a whole script.
 */
export interface IPlannedCell {
  index: number | null;
  id: string | null;
  /** What runs, or the content of the file that it `writes`. */
  source: string;
  /** The cell's own text; empty where it has none. */
  original: string;
  action: 'run' | 'skip' | 'changed';
  reason: string | null;
  writes: string | null;
}

/** A remark on a cell, or on the whole notebook when `cell` is null. */
export interface IRemark {
  cell: number | null;
  message: string;
  /** Of the cell, from 1. */
  line?: number;
  /** What kind of remark it is, for programs. */
  code?: string;
}

/** A file that travels with the job. */
export interface IPlanFile {
  /** Its path from the notebook's folder. */
  name: string;
  bytes: number;
  origin: 'cell' | 'module' | 'data';
  /** The indices of the cells that import it. */
  imported_by: number[];
}

/** A package installation that a cell asks for. */
export interface ISetup {
  cell: number | null;
  argv: string[];
  run: boolean;
}

/** A module that neither Python nor the files have, and the package that is known for it. */
export interface IPlanImport {
  module: string;
  cell: number | null;
  package: string;
}

/** A construct that Python knows since a version, and its first place. */
export interface ISyntax {
  /** Such as `3.10`. */
  python: string;
  construct: string;
  cell: number | null;
  /** Of the cell, from 1. */
  line: number;
}

/** Exactly what a job would run. */
export interface IPlan {
  cells: IPlannedCell[];
  files: IPlanFile[];
  left_out_files: { name: string; bytes: number; reason: string }[];
  bytes: number;
  max_bytes: number;
  setup: ISetup[];
  imports: IPlanImport[];
  /** What needs the newest Python; null where any does. */
  syntax: ISyntax | null;
  language: 'notebook' | 'script' | 'command' | 'markdown';
  warnings: IRemark[];
  errors: IRemark[];
}

/** What the Python of an image can import. */
export interface IImageModules {
  image: string;
  digest: string | null;
  state: 'known' | 'unknown';
  /** Its version, such as `3.11.2`; null where there is none, or while nothing is known. */
  python: string | null;
  modules: string[];
  message: string | null;
  /** Whether a look pulls nothing. */
  instant: boolean;
}
