import { presetSettings } from '../tensorboards/settings';

const KEY = '_tb_global_settings';

function settings(): unknown {
  return JSON.parse(localStorage.getItem(KEY)!);
}

describe('presetSettings', () => {
  beforeEach(() => {
    localStorage.clear();
  });

  it('makes TensorBoard reload by itself, in the theme of JupyterLab', () => {
    presetSettings(localStorage, false);
    expect(settings()).toEqual({
      autoReload: true,
      autoReloadPeriodInMs: 30000,
      theme: 'dark'
    });
  });

  it('leaves what the user has decided', () => {
    localStorage.setItem(
      KEY,
      JSON.stringify({ autoReload: false, paginationSize: 50, theme: 'dark' })
    );
    presetSettings(localStorage, true);
    expect(settings()).toMatchObject({
      autoReload: false,
      paginationSize: 50,
      theme: 'light'
    });
  });

  it('replaces what TensorBoard could not read', () => {
    localStorage.setItem(KEY, '{broken');
    presetSettings(localStorage, true);
    expect(settings()).toMatchObject({ autoReload: true });
  });
});
