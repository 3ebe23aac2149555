import { Signal } from '@lumino/signaling';
import { isTensorBoard, placeOf, setHidden } from './page';
import { presetSettings } from './settings';

/** How often a frame is loaded anew that got something else than TensorBoard. */
const LOADS = 5;

/** The frame of a tab: keeps its place when it is loaded anew, its theme, and whether it is seen. */
export class FrameKeeper {
  /**
   * @param _isLight - whether JupyterLab's theme is a light one
   */
  constructor(private readonly _isLight: () => boolean) {}

  /** Emitted when another frame must be made, or it has loaded. */
  readonly changed = new Signal<this, void>(this);

  /** Another one for each frame. */
  get key(): number {
    return this._key;
  }

  /** Whether the frame shows TensorBoard; null before it has loaded anything. */
  get isReady(): boolean | null {
    return this._isReady;
  }

  /** Takes in the frame, or that it goes, and leads it to `address`, to the place of the one before. */
  attach(frame: HTMLIFrameElement | null, address: string): void {
    if (!frame) {
      this._keepPlace();
      this._frame = null;
      return;
    }
    this._frame = frame;
    this._isReady = null;
    this._hasLight = this._isLight();
    presetSettings(window.localStorage, this._hasLight);
    frame.src = address + this._place;
  }

  /** Takes in that the frame has loaded. */
  loaded(): void {
    const frame = this._frame;
    if (frame && frame.contentWindow?.location.href !== 'about:blank') {
      this._isReady = isTensorBoard(frame);
      if (this._isReady) {
        this._tries = 0;
        setHidden(frame, this._isHidden);
      }
      this.changed.emit();
    }
  }

  /** Loads TensorBoard anew, at the place at which it is. */
  renew(): void {
    this._keepPlace();
    this._next();
  }

  /** Loads TensorBoard anew, and it chooses the place itself. */
  restart(): void {
    this._place = '';
    this._frame = null;
    this._next();
  }

  /** Loads once more what was not TensorBoard though it runs; gives up after some times. */
  retry(): void {
    window.clearTimeout(this._timer);
    if (this._isReady === false && this._tries < LOADS) {
      this._tries += 1;
      this._timer = window.setTimeout(() => this.renew(), this._tries * 500);
    }
  }

  /** Whether nobody sees it: it does not fetch anything by itself then. */
  set isHidden(isHidden: boolean) {
    if (isHidden !== this._isHidden) {
      this._isHidden = isHidden;
      if (this._frame && this._isReady) {
        setHidden(this._frame, isHidden);
      }
    }
    this.followTheme();
  }

  /** TensorBoard reads its theme when it is loaded: it is loaded anew, once somebody sees it. */
  followTheme(): void {
    if (this._frame && !this._isHidden && this._hasLight !== this._isLight()) {
      this._hasLight = this._isLight();
      this.renew();
    }
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private _next(): void {
    this._isReady = null;
    this._key += 1;
    this.changed.emit();
  }

  private _keepPlace(): void {
    if (this._frame) {
      this._place = placeOf(this._frame) || this._place;
    }
  }

  private _frame: HTMLIFrameElement | null = null;
  private _isReady: boolean | null = null;
  private _isHidden = false;
  private _hasLight = true;
  private _key = 0;
  private _place = '';
  private _tries = 0;
  private _timer = 0;
}
