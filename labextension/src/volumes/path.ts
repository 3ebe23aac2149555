/** What Python reads bytes as that are no UTF-8: U+DC80 for 0x80, and so on. */
const FIRST_ESCAPE = 0xdc00;

/** A path as a query holds it. Its characters that stand for bytes become those bytes. */
export function encodePath(path: string): string {
  return Array.from(path, character => {
    const code = character.codePointAt(0)!;
    const isEscape = code >= 0xdc80 && code <= 0xdcff;
    return isEscape
      ? `%${(code - FIRST_ESCAPE).toString(16).toUpperCase()}`
      : encodeURIComponent(character);
  }).join('');
}

/** A name as it can be shown: bytes that are no UTF-8 become the replacement character. */
export function shownName(name: string): string {
  return name.replace(/[\udc80-\udcff]/gu, '\ufffd');
}

/** The folders on the way to a path, the nearest to the root first; the path itself is the last. */
export function waysTo(path: string): { name: string; path: string }[] {
  const names = path.split('/').filter(name => name !== '');
  return names.map((name, index) => ({
    name,
    path: names.slice(0, index + 1).join('/')
  }));
}
