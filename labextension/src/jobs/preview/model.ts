import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { asApiError, type ApiError } from '../../api';
import type { IHubContext } from '../../context';
import { LiveAnswer } from '../../form/liveAnswer';
import type { SourceFile } from '../../notebook/source';
import type { Spec } from '../../views';
import { absentModules, unknownSyntax, type IAbsent } from './absent';
import type { IImageModules, IPlan, ISyntax } from './views';

/** Milliseconds of quiet after which the server is asked. */
const QUIET = 400;

/** What would run of a spec, kept up to date, and what its image lacks. */
export class PreviewModel implements IDisposable {
  /**
   * @param source - the file whose changes are followed; null for a command
   * @param setUp - switches the installation of packages on or off in the spec
   */
  constructor(
    private readonly _hub: IHubContext,
    readonly source: SourceFile | null,
    readonly setUp: (isWanted: boolean) => void
  ) {
    const { api } = _hub;
    this.plan = new LiveAnswer(
      (spec, signal) => api.jobs.preview(spec, signal),
      QUIET
    );
    this._image = new LiveAnswer(
      ({ image }, signal) => api.images.modules(String(image ?? ''), signal),
      0 // the plan has waited already
    );
    this.plan.changed.connect(this._onPlanChanged, this);
    this._image.changed.connect(this._onImageChanged, this);
    source?.changed.connect(this._onSourceChanged, this);
  }

  /** What would run; of a command only whether it could. */
  readonly plan: LiveAnswer<IPlan>;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether packages are to be installed before the job. */
  get isSetUp(): boolean {
    return this._spec.setup === true;
  }

  /** The spec that the plan is about, as JSON. */
  get shown(): string {
    return this._shown;
  }

  /** What the image has; null while that is asked for or cannot be told. */
  get image(): IImageModules | null {
    const { answer, isPending, problem } = this._image;
    return isPending || problem ? null : answer;
  }

  /** Why it is not known what the image has; null when it is, or when nobody has asked. */
  get imageProblem(): ApiError | null {
    return this._lookProblem ?? this._image.problem;
  }

  /** Whether a pod looks into the image. */
  get isLooking(): boolean {
    return this._look !== null;
  }

  /** The modules that are imported and that neither the image nor a setup has. */
  get absent(): IAbsent[] {
    const { answer } = this.plan;
    return answer && this.image?.state === 'known'
      ? absentModules(answer, this.image)
      : [];
  }

  /** What the Python of the image is too old for; null where it is not known to be. */
  get unknownSyntax(): ISyntax | null {
    const { answer } = this.plan;
    return answer && this.image ? unknownSyntax(answer, this.image) : null;
  }

  /** How many errors and warnings are known. */
  get counts(): { errors: number; warnings: number } {
    const { errors = [], warnings = [] } = this.plan.answer ?? {};
    return {
      errors: errors.length,
      warnings:
        warnings.length + this.absent.length + Number(!!this.unknownSyntax)
    };
  }

  /** Shows what would run of `spec`, after a moment of quiet. */
  show(spec: Spec): void {
    const text = JSON.stringify(spec);
    if (text !== this._shown) {
      const image = spec.image ?? null;
      if (image !== (this._spec.image ?? null)) {
        this._endLook();
      }
      this._shown = text;
      this._spec = spec;
      this.plan.request(spec);
    }
  }

  /** Asks once more, since the file may be another by now. */
  renew(): void {
    if (this._shown) {
      this.plan.request(this._spec);
    }
  }

  /** Looks into the image by a pod of it. Never rejects: see {@link imageProblem}. */
  async look(): Promise<void> {
    const look = new AbortController();
    this._endLook();
    this._look = look;
    this._changed.emit();
    try {
      const image = String(this._spec.image ?? '');
      await this._hub.api.images.lookForModules(image, look.signal);
    } catch (error) {
      if (this._look === look) {
        this._lookProblem = asApiError(error);
      }
    }
    if (this._look === look) {
      this._look = null;
      this._image.request(this._spec);
    }
  }

  get isDisposed(): boolean {
    return this.plan.isDisposed;
  }

  dispose(): void {
    this._endLook();
    this.plan.dispose();
    this._image.dispose();
    this.source?.changed.disconnect(this._onSourceChanged, this);
    Signal.clearData(this);
  }

  private _endLook(): void {
    this._look?.abort();
    this._look = null;
    this._lookProblem = null;
  }

  private _onPlanChanged({ answer, isPending }: LiveAnswer<IPlan>): void {
    const image = String(this._spec.image ?? '');
    if (needsImage(answer) && !isPending && image !== this._asked) {
      this._asked = image;
      this._image.request(this._spec);
    }
    this._changed.emit();
  }

  private _onImageChanged(): void {
    const { image } = this;
    if (image?.state === 'unknown' && image.instant && !this._hasLooked) {
      this._hasLooked = true;
      void this.look();
    }
    this._changed.emit();
  }

  private _onSourceChanged(_: unknown, change: 'saved' | 'edited'): void {
    if (change === 'saved') {
      this.renew();
    }
    this._changed.emit();
  }

  private readonly _image: LiveAnswer<IImageModules>;
  private readonly _changed = new Signal<this, void>(this);
  private _spec: Spec = {};
  private _shown = '';
  private _asked: string | null = null;
  private _look: AbortController | null = null;
  private _lookProblem: ApiError | null = null;
  private _hasLooked = false;
}

/** Whether it matters what the image has: not where all is any Python's own or travels along. */
export function needsImage(plan: IPlan | null): boolean {
  return !!plan && (plan.imports.length > 0 || plan.syntax !== null);
}
