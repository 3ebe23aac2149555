/**
 * A program and its arguments as one line, read and written by the quoting rules of a POSIX shell
 * (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02), so that
 * a command can be pasted from a terminal. Quotes and backslashes are all that is understood: no
 * shell is involved in running it.
 */

/** The arguments that a line stands for, and whether a quotation in it was never closed. */
export function splitCommandLine(line: string): {
  words: string[];
  unclosed: boolean;
} {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (quote === "'") {
      if (character === "'") {
        quote = null;
      } else {
        word += character;
      }
    } else if (character === '\\' && at + 1 < line.length) {
      at += 1;
      const escaped = line[at];
      // A backslash before a line's end joins the two lines.
      if (escaped !== '\n') {
        const isLiteral = quote === '"' && !'"\\$`'.includes(escaped);
        word = (word ?? '') + (isLiteral ? `\\${escaped}` : escaped);
      }
    } else if (quote === '"') {
      if (character === '"') {
        quote = null;
      } else {
        word += character;
      }
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) {
        words.push(word);
        word = null;
      }
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== null) {
    words.push(word);
  }
  return { words, unclosed: quote !== null };
}

/** A line that {@link splitCommandLine} takes back apart into `words`. */
export function joinCommandLine(words: readonly string[]): string {
  return words
    .map(word =>
      /^[\w@%+=:,./$-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`
    )
    .join(' ');
}
