/** The key under which TensorBoard keeps its settings in the browser's local storage. */
const STORAGE_KEY = '_tb_global_settings';

/** Milliseconds between two looks for new data. */
const RELOAD_PERIOD = 30_000;

/**
 * Presets TensorBoard's own settings, which it reads from the origin that it shares with
 * JupyterLab: the theme is JupyterLab's, and pages reload their data by themselves unless the user
 * has decided otherwise.
 */
export function presetSettings(storage: Storage, isLight: boolean): void {
  const theme = isLight ? 'light' : 'dark';
  const presets = { autoReload: true, autoReloadPeriodInMs: RELOAD_PERIOD };
  const settings = { ...presets, ...readSettings(storage), theme };
  storage.setItem(STORAGE_KEY, JSON.stringify(settings));
}

function readSettings(storage: Storage): Record<string, unknown> {
  try {
    const settings = JSON.parse(storage.getItem(STORAGE_KEY) ?? '{}');
    return typeof settings === 'object' ? settings : {};
  } catch {
    // Something else wrote there; TensorBoard would not understand it either.
    return {};
  }
}
