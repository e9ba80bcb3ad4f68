import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const RUN = fileURLToPath(new URL('../../fuzz/run.mjs', import.meta.url));

/** Fails with all that it has printed when there is a finding. */
async function fuzz(...flags: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, 'bundle', ...flags]).catch((error: unknown) => {
    const { stdout: said, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${said}${stderr}`, { cause: error });
  });
  return stdout;
}

// `npm run fuzz:bundle` does the same with as many as one likes; what it finds, it finds again by its seed.
describe('whatever is in a config.json, it runs, or is refused with a clear error and exit code 1, and leaves nothing', () => {
  const limit = { timeout: 120_000 * TIME_SCALE };

  it.for([
    ['with a seed that stays', '7'],
    ['with another one each time', String(Date.now() % 1e9)],
  ] as const)('%s: %s', limit, async ([, seed], context) => {
    requires(context, { root: true });
    const said = await fuzz('--seed', seed, '--runs', '250');
    expect(said).toMatch(/250 cases in/);
    // Half of it nonsense; a fuzzer of which nothing runs tests the parser alone.
    expect(Number(/: (\d+) ran/.exec(said)?.[1])).toBeGreaterThan(50);
  });

  it('and so are command lines', limit, async (context) => {
    requires(context, { root: true });
    expect(await fuzz('--commands', '--seed', '3', '--runs', '40')).toMatch(/40 cases in/);
  });
});
