import { describe, expect, test } from 'vitest';
import type { CgroupFacts } from '../../../src/cgroup/types.js';
import type { Trials } from '../../../src/doctor/types.js';
import type { SystemFacts } from '../../../src/host/facts.js';
import { HYBRID, NO_CGROUP, hostFacts, plainFacts } from '../../helpers/facts.js';
import { DISTRIBUTIONS, type DoctorCase, failure, findingOf, fixesOf, trials } from '../../helpers/doctor.js';

const cgroup = (changes: Partial<NonNullable<Trials['cgroup']>>): Pick<Trials, 'cgroup'> => ({
  cgroup: { ...trials(hostFacts()).cgroup!, ...changes },
});

const on = (name: string): Pick<SystemFacts, 'distribution'> => ({ distribution: DISTRIBUTIONS[name]! });

describe('cgroups', () => {
  const BROKEN = failure('EIO', 'x: EIO (i/o error)', 'a hint');

  test.each<[id: string, DoctorCase, status: string, detail: RegExp, fix: RegExp]>([
    ['cgroups.mode', {}, 'ok', /^unified: cgroup v2 at \/sys\/fs\/cgroup$/, /^$/],
    ['cgroups.mode', { host: hostFacts({ cgroup: HYBRID }) }, 'ok', /^hybrid: .*, beside it v1 with memory$/, /^$/],
    [
      'cgroups.mode',
      { host: hostFacts({ cgroup: NO_CGROUP }) },
      'missing',
      /no cgroup file system/,
      /mount -t cgroup2/,
    ],
    ['cgroups.born', { trials: cgroup({ born: BROKEN }) }, 'missing', /EIO/, /a hint/],
    [
      'cgroups.born',
      {
        trials: cgroup({ born: { ok: true, fallback: 'clone3 is not permitted here' } }),
        system: { inside: 'docker', confinement: { seccomp: true, noNewPrivileges: false } },
      },
      'limited',
      /^clone3 is not permitted here: the container was moved into its cgroup after its birth$/,
      /^start .*\ndocker run --security-opt seccomp=unconfined …$/,
    ],
    ['cgroups.born', { trials: cgroup({ born: { ok: true, fallback: 'x' } }) }, 'limited', /^x: /, /Linux 5\.7/],
    ['cgroups.born', { trials: cgroup({ scope: 'user' }) }, 'ok', /^systemd makes it around the first process/, /^$/],
    ['cgroups.freeze', { trials: cgroup({ freeze: BROKEN }) }, 'missing', /EIO/, /Linux 5\.2/],
    ['cgroups.kill', { trials: cgroup({ kill: BROKEN }) }, 'missing', /EIO/, /a hint/],
    [
      'cgroups.kill',
      { trials: cgroup({ kill: { ok: true, rung: 'freeze' } }) },
      'limited',
      /freezing it and/,
      /Linux 5\.14/,
    ],
    [
      'cgroups.kill',
      { trials: cgroup({ kill: { ok: true, rung: 'list' } }) },
      'limited',
      /a fork bomb may be faster/,
      /5\.14/,
    ],
    ['cgroups.kill', { trials: cgroup({ kill: { ok: true } }) }, 'limited', /one by one/, /5\.14/],
    [
      'cgroups.pressure',
      { system: { pressure: false } },
      'limited',
      /./,
      /60-corral\.cfg\nGRUB_.* psi=1"\n\nupdate-grub/,
    ],
    ['cgroups.pressure', { system: { pressure: false, ...on('mint') } }, 'limited', /./, /update-grub/],
    ['cgroups.pressure', { system: { pressure: false, ...on('rocky') } }, 'limited', /./, /grubby .*--args="psi=1"/],
    [
      'cgroups.pressure',
      { system: { pressure: false, ...on('void') } },
      'limited',
      /./,
      /put psi=1 on the kernel's command line/,
    ],
  ])('%s %#', (id, what, status, detail, fix) => {
    const finding = findingOf(id, what);
    expect(finding.status).toBe(status);
    expect(finding.detail).toMatch(detail);
    expect(fixesOf(finding)).toMatch(fix);
  });
});

describe('a place for containers', () => {
  const problem = { text: '/sys/fs/cgroup/x may not be written by this user', hint: 'run as root' };
  const closed: CgroupFacts = { ...hostFacts().cgroup, v2Base: undefined, v2Top: undefined, problem } as never;
  const systemd = { booted: true, userManager: true, delegated: ['memory', 'pids'] };

  test.each<[string, DoctorCase, fix: RegExp]>([
    [
      'with a systemd of the user’s',
      { host: plainFacts({ cgroup: closed }), system: { systemd } },
      /delegated to you\nsystemd-run --user --scope -p Delegate=yes corral …$/,
    ],
    [
      'that was tried',
      { host: plainFacts({ cgroup: closed }), system: { systemd }, trials: { scope: { ok: true } } },
      /\(tried just now: it works\)/,
    ],
    [
      'that failed',
      { host: plainFacts({ cgroup: closed }), system: { systemd }, trials: { scope: failure('1', 'x') } },
      /delegated to you\nsystemd-run/,
    ],
    [
      'after su',
      { host: plainFacts({ cgroup: closed }), system: { systemd: { booted: true, userManager: false } } },
      /loginctl enable-linger ann/,
    ],
    [
      'after su to nobody known',
      {
        host: plainFacts({ cgroup: closed }),
        system: { user: { name: '', uid: 7 }, systemd: { booted: true, userManager: false } },
      },
      /enable-linger 7/,
    ],
    [
      'without systemd',
      { host: plainFacts({ cgroup: closed }), system: { systemd: { booted: false, userManager: false } } },
      /mkdir \/sys\/fs\/cgroup\/user-1000\nchown 1000 \/sys\/fs\/cgroup\/user-1000 .*cgroup\.threads\necho PID > /,
    ],
    ['in a container', { host: hostFacts({ cgroup: closed }), system: { inside: 'docker' } }, /^run as root$/],
    ['without cgroup v2', { host: plainFacts({ cgroup: NO_CGROUP }) }, /^mount it$/],
    ['and nobody knows why', { host: hostFacts({ cgroup: { ...NO_CGROUP, problem: undefined } as never }) }, /^$/],
  ])('%s', (_, what, fix) => {
    const finding = findingOf('cgroups.place', what);
    expect(finding).toMatchObject({ status: 'missing', cost: expect.stringContaining('no limits') as unknown });
    expect(fixesOf(finding)).toMatch(fix);
    expect(findingOf('limits.none', what).status).toBe('missing');
  });

  test.each([
    ['user', "scopes of the user's own systemd, below /u/corral.slice"],
    ['system', 'scopes of systemd, below /u/corral.slice'],
  ] as const)('is what the %s manager makes', (manager, detail) => {
    const base = { path: '/u', controllers: ['memory', 'pids'], needsEvacuation: false, isRoot: false };
    const { v2Base: _, ...others } = hostFacts().cgroup;
    const systemd = { manager, delegated: false, controllers: ['memory', 'pids', 'cpu'], base };
    const what = { host: plainFacts({ cgroup: { ...others, systemd } }) };
    expect(findingOf('cgroups.place', what)).toMatchObject({ status: 'ok', detail });
    expect(findingOf('limits.memory', what)).toMatchObject({
      status: 'ok',
      detail: 'by cgroup v2, and as properties of the scope',
    });
    expect(findingOf('limits.cpu', what).status).toBe('missing');
  });

  test('that holds others is one, with a price; with nobody else in it, without', () => {
    const v2Base = { path: '/c', controllers: ['memory', 'pids'], needsEvacuation: true, isRoot: false };
    const host = plainFacts({ cgroup: { ...hostFacts().cgroup, v2Base } });
    const cgroupFacts = { controllers: ['cpu', 'memory', 'pids', 'io', 'cpuset'], companions: 2 };
    expect(findingOf('cgroups.place', { host, system: { cgroup: cgroupFacts } })).toMatchObject({
      status: 'limited',
      detail: '/c may be written, and holds 2 other processes',
    });
    expect(findingOf('limits.memory', { host }).detail).toContain('not tried');
    const alone = { host, system: { cgroup: { ...cgroupFacts, companions: 0 } } };
    expect(findingOf('cgroups.place', alone)).toMatchObject({ status: 'ok', detail: 'below /c/corral' });
  });
});
