import { describe, expect, it } from 'vitest';
import type { Seccomp } from '../../../src/spec/seccomp.js';
import { engineSpec, runEngineSpec } from '../../helpers/engine.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();

/** Before, it was waited for without end. */
const LIMIT = { timeout: 10_000 * TIME_SCALE };

const ENOSYS = 38;
const EINTR = 4;

/** Whatever the process still wants to do, it gets this answer. */
const refuseAll = (errno: number): Seccomp => ({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: errno });

describe('a profile that lets nothing through, not even an exit', () => {
  it.for([
    ['ENOSYS', ENOSYS],
    ['EINTR, which elsewhere means "try again"', EINTR],
  ] as const)('ends the start at once, whatever it answers: %s', LIMIT, async ([, errno], context) => {
    requires(context, { root: true });
    const linux = { seccomp: refuseAll(errno) };
    // The filter comes before the capabilities go.
    const early = runEngineSpec(lab, engineSpec(lab, { linux, process: { noNewPrivileges: false } }));
    await expect(early).rejects.toThrow(/^set bounding capabilities/);
    // Behind the start: by then it is the exec that is refused, and a signal that ends it.
    const late = runEngineSpec(lab, engineSpec(lab, { linux, process: { noNewPrivileges: true } }));
    await expect(late).resolves.toMatchObject({ exitCode: null });
  });
});
