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

/** Returns bytes as people write them: `32M`, `1.5G`, `512`. */
export function formatSize(bytes: number): string {
  for (const unit of ['T', 'G', 'M', 'K'] as const) {
    const size = bytes / (UNITS[unit.toLowerCase()] ?? 1);
    if (size >= 1) return `${trimZeros(size)}${unit}`;
  }
  return String(bytes);
}

function trimZeros(number: number): string {
  return number.toFixed(1).replace(/\.0$/, '');
}
