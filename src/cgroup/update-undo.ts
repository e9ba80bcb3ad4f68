/**
 * Returns what has to be written to an interface file so that it says again what it said.
 *
 * @param file - its name: `io.max`
 * @param written - what was written since; where the file has a line for each device, it tells which is meant
 * @param before - the whole text before
 */
export function formatOld(file: string, written: string, before: string): string {
  if (file === 'io.max') return formatLine(written, before, /^(\d+:\d+) (\w+)=/);
  if (file.startsWith('blkio.throttle.')) return formatThrottle(written, before);
  const [first = ''] = before.trim().split('\n');
  // Nothing at all cannot be written: an empty cpuset is a line without anything on it.
  return first === '' ? '\n' : first;
}

// 8:0 rbps=1048576 wbps=max riops=max wiops=max
function formatLine(written: string, before: string, pattern: RegExp): string {
  const [, device = '', key = ''] = pattern.exec(written) ?? [];
  const line = before.split('\n').find((one) => one.startsWith(`${device} `));
  const [, value = 'max'] = new RegExp(` ${key}=(\\S+)`).exec(line ?? '') ?? [];
  return `${device} ${key}=${value}`;
}

// 8:0 1048576; 0 takes the limit away.
function formatThrottle(written: string, before: string): string {
  const [device = ''] = written.split(' ');
  return before.split('\n').find((line) => line.startsWith(`${device} `)) ?? `${device} 0`;
}
