/**
 * A stretch of text in one style; a colour is as CSS has it, null for the page's own.
 *
 * @typedef {object} Styled
 * @property {string} text
 * @property {boolean} bold
 * @property {boolean} underline
 * @property {string | null} color
 * @property {string | null} background
 */

/** The 16 colours that have names, as JupyterLab shows them in the outputs of cells. */
const NAMED =
  '#3e424d #e75c58 #00a250 #ddb62b #208ffb #d160c4 #60c6c8 #c5c1b4 ' +
  '#282c36 #b22b31 #007427 #b27d12 #0065ca #a03196 #258f8f #a1a6b2';

const CONTROL =
  // eslint-disable-next-line no-control-regex
  /\u001b(?:\[([0-?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|.?)/g;

/**
 * The text without control sequences.
 *
 * @param {string} line
 */
export function plain(line) {
  return line.includes('\u001b') ? line.replace(CONTROL, '') : line;
}

/**
 * Takes a line with ANSI colour sequences (ECMA-48, SGR) apart; other sequences are left out.
 *
 * @param {string} line
 * @returns {Styled[]}
 */
export function styled(line) {
  /** @type {Styled[]} */
  const parts = [];
  let style = NO_STYLE;
  let begin = 0;
  /** @param {number} end */
  const take = end => {
    if (end > begin) {
      parts.push({ text: line.slice(begin, end), ...shown(style) });
    }
  };
  for (const match of line.matchAll(CONTROL)) {
    take(match.index);
    begin = match.index + match[0].length;
    if (match[2] === 'm') {
      style = changed(style, match[1].split(/[;:]/).map(Number));
    }
  }
  take(line.length);
  return parts;
}

/**
 * A colour is a number of the 256 of xterm, or `rgb(…)`.
 *
 * @typedef {number | string | null} Colour
 * @typedef {{bold: boolean, underline: boolean, fg: Colour, bg: Colour}} Style
 */

/** @type {Style} */
const NO_STYLE = { bold: false, underline: false, fg: null, bg: null };

/**
 * @param {Style} style
 * @param {number[]} codes
 * @returns {Style}
 */
function changed(style, codes) {
  let now = { ...style };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at];
    if (code === 0) {
      now = { ...NO_STYLE };
    } else if (code === 1 || code === 22) {
      now.bold = code === 1;
    } else if (code === 4 || code === 24) {
      now.underline = code === 4;
    } else if (code === 38 || code === 48) {
      const layer = code === 38 ? 'fg' : 'bg';
      if (codes[at + 1] === 5) {
        now[layer] = codes[at + 2] & 255;
        at += 2;
      } else if (codes[at + 1] === 2) {
        const channels = codes
          .slice(at + 2, at + 5)
          .map(channel => channel & 255);
        now[layer] = `rgb(${channels.join(', ')})`;
        at += 4;
      }
    } else if (code >= 30 && code <= 49) {
      const colour = code % 10;
      now[code < 40 ? 'fg' : 'bg'] = colour < 8 ? colour : null;
    } else if (code >= 90 && code <= 107 && code % 10 < 8) {
      now[code < 100 ? 'fg' : 'bg'] = 8 + (code % 10);
    }
  }
  return now;
}

/** @param {Style} style */
function shown({ bold, underline, fg, bg }) {
  return { bold, underline, color: exact(fg), background: exact(bg) };
}

/**
 * Beyond the 16 that have names, xterm's palette is a cube of 6 x 6 x 6 and 24 greys
 * (https://invisible-island.net/xterm/, 256colres.h).
 *
 * @param {Colour} colour
 */
function exact(colour) {
  if (typeof colour !== 'number') {
    return colour;
  }
  if (colour < 16) {
    return NAMED.split(' ')[colour];
  }
  if (colour >= 232) {
    const grey = 8 + 10 * (colour - 232);
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const cube = colour - 16;
  const levels = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
  return `rgb(${levels.map(level => (level ? 55 + 40 * level : 0)).join(', ')})`;
}
