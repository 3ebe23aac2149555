/**
 * The value that a parameter's text stands for: JSON where it is JSON (`0.01`, `true`,
 * `[1, 2]`, `"quoted"`), otherwise the text itself (`adam`).
 */
export function parseParameter(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The shortest text that {@link parseParameter} reads as `value`. */
export function formatParameter(value: unknown): string {
  if (typeof value === 'string' && parseParameter(value) === value) {
    return value;
  }
  return JSON.stringify(value) ?? '';
}
