/*
 * The page of TensorBoard in a frame: it comes from JupyterLab's own origin, so that the tab can
 * look into it. Whatever is not as expected is left as it is.
 */

/** Whether a frame has loaded TensorBoard itself, and not an error of what is before it. */
export function isTensorBoard(frame: HTMLIFrameElement): boolean {
  return Boolean(documentOf(frame)?.querySelector('tb-webapp'));
}

/** What in the address of TensorBoard's page says what it shows: its dashboard, tags and runs. */
export function placeOf(frame: HTMLIFrameElement): string {
  const location = isTensorBoard(frame) ? frame.contentWindow?.location : null;
  return location ? location.search + location.hash : '';
}

/**
 * Makes TensorBoard's page believe that it is hidden: it goes on fetching by itself as long as the
 * browser shows JupyterLab, though another tab may be in front of it, and would never be idle.
 */
export function setHidden(frame: HTMLIFrameElement, isHidden: boolean): void {
  const page = documentOf(frame);
  if (!page) {
    return;
  }
  const state = (): DocumentVisibilityState =>
    isHidden ? 'hidden' : document.visibilityState;
  Object.defineProperty(page, 'visibilityState', {
    configurable: true,
    get: state
  });
  Object.defineProperty(page, 'hidden', {
    configurable: true,
    get: () => state() === 'hidden'
  });
  page.dispatchEvent(new Event('visibilitychange'));
}

function documentOf(frame: HTMLIFrameElement): Document | null {
  try {
    return frame.contentDocument;
  } catch {
    // A proxy has led the frame to another origin, such as a page to log in.
    return null;
  }
}
