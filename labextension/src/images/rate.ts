/** Milliseconds that a rate is taken over. */
const WINDOW = 10_000;

/** How fast something grows, from looks at it at different times. */
export class Rate {
  /** Notes an amount at a time in milliseconds; what has shrunk has begun anew. */
  add(time: number, amount: number): void {
    const last = this._samples[this._samples.length - 1];
    if (last && amount < last.amount) {
      this._samples = [];
    }
    this._samples.push({ time, amount });
    while (this._samples.length > 2 && this._samples[1].time <= time - WINDOW) {
      this._samples.shift();
    }
  }

  /** Amount per second; null until it can be told. */
  get perSecond(): number | null {
    const [first] = this._samples;
    const last = this._samples[this._samples.length - 1];
    const seconds = first ? (last.time - first.time) / 1000 : 0;
    return seconds < 1 ? null : (last.amount - first.amount) / seconds;
  }

  private _samples: { time: number; amount: number }[] = [];
}
