/** How often, a second apart, a TensorBoard is asked whether it has read the first events. */
const LOOKS = 20;

/**
 * Waits until TensorBoard has read what training has just begun to write, but not for ever.
 *
 * @param runs - the runs that it has read
 * @param isOver - whether nobody waits any more
 */
export async function untilRuns(
  runs: () => Promise<string[]>,
  isOver: () => boolean
): Promise<void> {
  for (let look = 0; look < LOOKS && !isOver(); look++) {
    try {
      if ((await runs()).length > 0) {
        return;
      }
    } catch {
      // It may be starting its reader anew; it is asked again.
    }
    await new Promise(resolve => window.setTimeout(resolve, 1_000));
  }
}
