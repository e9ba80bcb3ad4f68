import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeLab } from '../../helpers/lab.js';

const PROGRAM = fileURLToPath(new URL('../../../dist/cli/corral-oci.cjs', import.meta.url));

const lab = makeLab();

function run(...args: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  return spawnSync(process.execPath, [PROGRAM, '--root', `${lab.directory()}/state`, ...args], { encoding: 'utf8' });
}

// What the fuzzer of command lines has found.
describe('corral-oci', () => {
  it.each(['/dev/full', '/missing/log'])('says what it has to say where the log %s cannot be written', (log) => {
    const { status, stderr } = run('--log', log, '--log-format', 'json', 'state', 'box');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^container does not exist\n[{]"level":"error",.*[}]\ncorral-oci: log: E\w+: .*\n$/);
  });

  it('says what is wrong with a format of the log', () => {
    const { status, stderr } = run('--log-format', 'xml', 'list');
    expect(status).toBe(1);
    expect(stderr).toContain('"xml" is not text or json');
  });
});
