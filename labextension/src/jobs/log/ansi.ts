import Anser from 'anser';

/** A stretch of text in one style. */
export interface IStyledText {
  text: string;
  /** Classes of JupyterLab's own output styles, which follow the theme. */
  classes: string[];
  /** Colours for which JupyterLab has no class, as `rgb()`. */
  color: string | null;
  background: string | null;
}

const DECORATIONS: Record<string, string> = {
  bold: 'ansi-bold',
  underline: 'ansi-underline'
};

/** Takes a line with ANSI colour sequences apart; other control sequences are left out. */
export function parseAnsi(line: string): IStyledText[] {
  return Anser.ansiToJson(line, {
    json: true,
    remove_empty: true,
    use_classes: true
  }).map(part => ({
    text: part.content,
    classes: [
      ...part.decorations.flatMap(name => DECORATIONS[name] ?? []),
      ...colourClass(part.fg, 'fg'),
      ...colourClass(part.bg, 'bg')
    ],
    color: exactColour(part.fg, part.fg_truecolor),
    background: exactColour(part.bg, part.bg_truecolor)
  }));
}

/** The parser's `ansi-bright-red` is JupyterLab's `ansi-red-intense-fg`. */
function colourClass(name: string | null, layer: 'fg' | 'bg'): string[] {
  const match = /^ansi-(bright-)?([a-z]+)$/.exec(name ?? '');
  if (!match || match[2] === 'truecolor') {
    return [];
  }
  return [`ansi-${match[2]}${match[1] ? '-intense' : ''}-${layer}`];
}

/** Colours that are told by number rather than by name: 24 bits, or one of xterm's 256. */
function exactColour(
  name: string | null,
  channels: string | null
): string | null {
  if (name === 'ansi-truecolor') {
    return `rgb(${channels})`;
  }
  const match = /^ansi-palette-(\d+)$/.exec(name ?? '');
  return match ? paletteColour(Number(match[1])) : null;
}

/**
 * A colour of xterm's palette: 16 named ones, which are left to the theme, a cube of 6 x 6 x 6, and
 * 24 greys (https://invisible-island.net/xterm/, 256colres.h).
 */
function paletteColour(index: number): string | null {
  if (index < 16) {
    return null;
  }
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + 40 * step);
  const at = index - 16;
  const [red, green, blue] = [
    Math.floor(at / 36),
    Math.floor(at / 6) % 6,
    at % 6
  ];
  return `rgb(${level(red)}, ${level(green)}, ${level(blue)})`;
}
