import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

/** Skips the running test where there is no CRIU, or none that can do anything with this kernel. */
export function requiresCriu(context: TestContext): void {
  const { error, status, stderr } = spawnSync('criu', ['check'], { encoding: 'utf8' });
  if (error !== undefined) context.skip('needs the program criu');
  const [line = ''] = stderr.split('\n').filter((text) => text.startsWith('Error'));
  if (status !== 0) context.skip(`needs a criu that knows this kernel: ${line}`);
}
