const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/**
 * Reads a size such as `64M`, `1.5g`, `512KiB` or `1048576`. Units are powers of 1024, as with podman and cgroup files.
 *
 * @returns whole bytes, or `undefined` when `text` is no size
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const bytes = Math.floor(Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const LARGER = ['K', 'M', 'G', 'T'] as const;

/** Returns bytes as people write them: `32M`, `1.5G`, `512`. */
export function formatSize(bytes: number): string {
  let shown = roundToTenths(bytes);
  let unit = '';
  let size = bytes;
  for (const larger of LARGER) {
    // What would be written decides: 1023.99K is 1M.
    if (shown < 1024) break;
    size /= 1024;
    shown = roundToTenths(size);
    unit = larger;
  }
  return `${String(shown)}${unit}`;
}

function roundToTenths(number: number): number {
  return Math.round(number * 10) / 10;
}
