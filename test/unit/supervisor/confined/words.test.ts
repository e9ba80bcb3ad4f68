import { describe, expect, it } from 'vitest';
import { NotFoundError, StateError } from '../../../../src/errors/state-errors.js';
import { SyscallError } from '../../../../src/errors/syscall-error.js';
import { OptionError } from '../../../../src/errors/option-error.js';
import { checkConfinedName, idOf, isFrom, type Origin } from '../../../../src/supervisor/confined/origin.js';
import { translateDetails, translateError, translateEvent } from '../../../../src/supervisor/confined/words.js';
import type { SupervisedDetails } from '../../../../src/supervisor/face.js';

const base = '/sys/fs/cgroup/corral/web/payload';
const origin: Origin = { name: 'job', container: 'web', base, inode: '7', uid: 0 };
const id = idOf(origin, 'job');
const translation = { id, origin };

describe('names', () => {
  it('are apart for each cgroup, and no longer than the supervisor’s own may be', () => {
    expect(id).toMatch(/^web\.[0-9a-f]{16}\.job$/);
    expect(idOf({ ...origin, inode: '8' }, 'job')).not.toBe(id);
    expect(idOf({ ...origin, base: `${base}/a` }, 'job')).not.toBe(id);
    expect(idOf({ ...origin, container: 'x'.repeat(128) }, 'y'.repeat(64)).length).toBeLessThanOrEqual(128);
    expect(() => checkConfinedName('y'.repeat(65))).toThrow(OptionError);
    expect(() => checkConfinedName('../x')).toThrow(OptionError);
    expect(isFrom(origin, origin)).toBe(true);
    expect(isFrom({ ...origin, inode: '8' }, origin)).toBe(false);
  });
});

describe('what is said to those inside', () => {
  it('has their names, and no path of the host', () => {
    const error = translateError(new StateError('pause', id, 'exited', { hint: `corral rm ${id}` }), [translation]);
    expect(error).toMatchObject({
      message: 'cannot pause "job": container is exited',
      id: 'job',
      hint: 'corral rm job',
    });
    const other = new NotFoundError(`${base}/container-job and ${base}`);
    expect(translateError(other, [translation])).toMatchObject({ id: 'container-job and your own cgroup' });
    expect(translateError('text', [translation])).toBe('text');
    const full = new SyscallError({
      action: `write /var/lib/corral/${id}/log`,
      syscall: 'write',
      errno: 28,
      path: '/run/corral',
    });
    expect(translateError(full, [translation], ['/run/corral', '/var/lib/corral'])).toMatchObject({
      message: 'write job/log: ENOSPC (no space left on device)',
      path: 'the directory of the supervisor',
    });
  });

  it('leaves out what is the host’s', () => {
    const details = {
      id,
      pid: 4711,
      command: ['x'],
      lastEnd: { run: 1, startedAt: '', endedAt: '', error: `move to ${base}/container-job` },
      logPath: '/var/lib/corral/x',
      container: { cgroup: base },
      options: { command: ['x'], container: { name: id }, supervision: {}, origin },
    } as unknown as SupervisedDetails;
    const said = translateDetails(details, translation, 3);
    expect(said).toMatchObject({
      id: 'job',
      pid: 3,
      options: { container: { name: 'job' } },
      lastEnd: { error: 'move to container-job' },
    });
    expect(JSON.stringify(said)).not.toMatch(/4711|\/var\/lib|sys\/fs|origin/);
    expect(translateEvent({ type: 'started', id, pid: 4711, time: '', labels: {} }, translation)).toEqual({
      type: 'started',
      id: 'job',
      time: '',
      labels: {},
    });
  });
});
