import type { IThemeManager } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ITerminal } from '@jupyterlab/terminal';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

/** Where JupyterLab keeps what the user has chosen for terminals. */
const SETTINGS = '@jupyterlab/terminal-extension:plugin';

/** The settings that make sense for a terminal inside another tab. */
const LOOKS = [
  'fontFamily',
  'fontSize',
  'lineHeight',
  'theme',
  'screenReaderMode',
  'scrollback',
  'pasteWithCtrlV',
  'macOptionIsMeta',
  'cursorBlink'
] as const;

/** Makes terminals look and behave as the user has set JupyterLab's own. */
export class TerminalAppearance {
  constructor(
    private readonly _registry: ISettingRegistry | null,
    private readonly _themes: IThemeManager | null
  ) {}

  /** The options of a new terminal. Closing it leaves its shell running. */
  async options(): Promise<Partial<ITerminal.IOptions>> {
    return {
      ...(await this._looks()),
      shutdownOnClose: false,
      closeOnExit: false
    };
  }

  /** Keeps a terminal as the settings and the theme are, until the lease is disposed. */
  follow(terminal: ITerminal.ITerminal): IDisposable {
    const restyle = (): void => {
      terminal.setOption('theme', terminal.getOption('theme'));
    };
    const reset = (_: unknown, plugin: string): void => {
      if (plugin === SETTINGS) {
        void this._looks().then(looks => {
          for (const name of LOOKS) {
            if (looks[name] !== undefined && !terminal.isDisposed) {
              terminal.setOption(name, looks[name]);
            }
          }
        });
      }
    };
    this._themes?.themeChanged.connect(restyle);
    this._registry?.pluginChanged.connect(reset);
    return new DisposableDelegate(() => {
      this._themes?.themeChanged.disconnect(restyle);
      this._registry?.pluginChanged.disconnect(reset);
    });
  }

  private async _looks(): Promise<Partial<ITerminal.IOptions>> {
    try {
      const settings = await this._registry?.load(SETTINGS);
      return Object.fromEntries(
        LOOKS.filter(name => settings?.composite[name] !== undefined).map(
          name => [name, settings?.composite[name]]
        )
      );
    } catch {
      // This JupyterLab has no terminals of its own, and so no settings for them.
      return {};
    }
  }
}
