const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `bytes` with the binary unit that leaves a short number: 1610612736 is `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const power = powerOf(bytes);
  return `${shorten(bytes / 1024 ** power)} ${BINARY_UNITS[power]}`;
}

/** `bytes` as a bare number in the unit in which {@link formatBytes} gives `total`. */
export function formatBytesOf(bytes: number, total: number): string {
  return shorten(bytes / 1024 ** powerOf(total));
}

/** `bytes` as Kubernetes reads it, rounded down to whole MiB: `3Gi`, `1536Mi`. */
export function toQuantity(bytes: number): string {
  const mebibytes = Math.floor(bytes / 2 ** 20);
  return mebibytes > 0 && mebibytes % 1024 === 0
    ? `${mebibytes / 1024}Gi`
    : `${mebibytes}Mi`;
}

const FACTORS: Record<string, number> = {
  '': 1,
  ...Object.fromEntries(
    ['k', 'M', 'G', 'T', 'P', 'E'].map((unit, index) => [
      unit,
      1000 ** (index + 1)
    ])
  ),
  ...Object.fromEntries(
    ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit, index) => [
      unit,
      1024 ** (index + 1)
    ])
  )
};

/** The bytes that a quantity of Kubernetes stands for, such as `1.5Gi`; NaN when it is none. */
export function parseQuantity(text: string): number {
  const [, number, unit] = /^([0-9.]+)([A-Za-z]*)$/.exec(text.trim()) ?? [];
  return Number(number) * (FACTORS[unit] ?? NaN);
}

function powerOf(bytes: number): number {
  const power = Math.floor(Math.log2(Math.max(1, bytes)) / 10);
  return Math.min(power, BINARY_UNITS.length - 1);
}

/** A number of cores or GPUs without needless digits: 0.25, 12. */
export function formatCount(count: number): string {
  return String(Math.round(count * 100) / 100);
}

function shorten(number: number): string {
  return String(
    Math.abs(number) >= 100 ? Math.round(number) : Math.round(number * 10) / 10
  );
}
