/** Everything is seen at once: what is not seen asks the server for nothing. */
window.IntersectionObserver = class {
  constructor(
    private readonly _seen: (entries: { isIntersecting: boolean }[]) => void
  ) {}
  observe(): void {
    this._seen([{ isIntersecting: true }]);
  }
  disconnect(): void {}
} as unknown as typeof IntersectionObserver;
