/** Comparisons beyond which two sources are shown whole: they would hold up the page. */
const MOST = 1_000_000;

/** Two sources line by line: what only `before` has with `-`, what only `after` has with `+`. */
export function differenceOf(before: string, after: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')];
  if (a.length * b.length > MOST) {
    return [...a.map(line => `- ${line}`), ...b.map(line => `+ ${line}`)].join(
      '\n'
    );
  }
  // lengths[i][j]: the lines that a from i on and b from j on have in common.
  const lengths = Array.from({ length: a.length + 1 }, () =>
    new Array<number>(b.length + 1).fill(0)
  );
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i][j] =
        a[i] === b[j]
          ? lengths[i + 1][j + 1] + 1
          : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`);
      i += 1;
      j += 1;
    } else if (
      j >= b.length ||
      (i < a.length && lengths[i + 1][j] >= lengths[i][j + 1])
    ) {
      lines.push(`- ${a[i]}`);
      i += 1;
    } else {
      lines.push(`+ ${b[j]}`);
      j += 1;
    }
  }
  return lines.join('\n');
}
