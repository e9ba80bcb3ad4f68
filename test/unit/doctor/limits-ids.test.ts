import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.js';
import type { HostFacts } from '../../../src/host/facts.js';
import { HYBRID, hostFacts, plainFacts } from '../../helpers/facts.js';
import {
  DISTRIBUTIONS,
  type DoctorCase,
  doctorFacts,
  failure,
  findingOf,
  fixesOf,
  trials,
} from '../../helpers/doctor.js';

describe('limits', () => {
  const swapping = (): HostFacts => hostFacts({ cgroup: { ...hostFacts().cgroup, hasSwap: true } });
  const noSwap = failure(
    'ENOENT',
    'write 0 to memory.swap.max: ENOENT (no such file or directory)',
    'this kernel does not account swap',
  );
  const disabled = (name: string): HostFacts =>
    hostFacts({
      cgroup: {
        ...hostFacts().cgroup,
        layout: { ...hostFacts().cgroup.layout, disabled: [name] },
        v2Base: { path: '/sys/fs/cgroup', controllers: ['cpu'], needsEvacuation: false, isRoot: true },
      },
    });
  const user = (controllers: readonly string[]): HostFacts =>
    plainFacts({
      cgroup: { ...hostFacts().cgroup, v2Base: { path: '/c', controllers, needsEvacuation: false, isRoot: false } },
    });

  test.each<[id: string, DoctorCase, status: string, detail: RegExp, fix: RegExp]>([
    ['limits.memory', {}, 'ok', /^by cgroup v2$/, /^$/],
    ['limits.memory', { host: hostFacts({ cgroup: HYBRID }) }, 'ok', /^by cgroup v1$/, /^$/],
    [
      'limits.pids',
      { host: hostFacts({ cgroup: HYBRID }) },
      'missing',
      /^pids limit needs the pids controller: /,
      /^$/,
    ],
    [
      'limits.memory',
      { host: disabled('memory') },
      'missing',
      /booted without it/,
      /cgroup_enable=memory cgroup_memory=1/,
    ],
    ['limits.io', { host: disabled('blkio') }, 'missing', /booted without it/, /cgroup_enable=blkio/],
    [
      'limits.cpu',
      {
        host: user(['memory', 'pids']),
        system: { systemd: { booted: true, userManager: true, delegated: ['memory', 'pids'] } },
      },
      'missing',
      /^cpu limit needs the cpu controller: \/\S+ has memory, pids$/,
      /delegate\.conf\n\[Service\]\nDelegate=cpu cpuset io memory pids\n\nsystemctl daemon-reload\nsystemctl restart user@1000/,
    ],
    [
      'limits.cpu',
      { host: user(['memory']), system: { systemd: { booted: true, userManager: true, delegated: ['cpu'] } } },
      'missing',
      /./,
      /a place for containers/,
    ],
    [
      'limits.cpu',
      { host: user(['memory']), system: { cgroup: { controllers: ['memory'], companions: 0 } } },
      'missing',
      /./,
      /CONFIG_CFS_BANDWIDTH/,
    ],
    [
      'limits.cpu',
      { host: user(['memory']), system: { systemd: { booted: false, userManager: false } } },
      'missing',
      /./,
      /^$/,
    ],
    ['limits.pids', { trials: { limits: { pids: failure('EIO', 'x', 'a hint') } } }, 'missing', /^x$/, /a hint/],
    ['limits.pids', { trials: { limits: { pids: failure('EIO', 'x') } } }, 'missing', /^x$/, /^$/],
    ['limits.io', { trials: { limits: { io: failure('ENOENT', 'x') } } }, 'limited', /but for weights/, /bfq/],
    ['limits.io', { trials: { limits: { io: failure('EIO', 'x') } } }, 'missing', /^x$/, /^$/],
    ['limits.swap', {}, 'ok', /no swap to limit/, /^$/],
    ['limits.swap', { host: swapping() }, 'ok', /accounts swap/, /^$/],
    ['limits.swap', { host: swapping(), trials: { limits: {} } }, 'ok', /not tried/, /^$/],
    ['limits.swap', { host: swapping(), trials: { limits: { memory: failure('EIO', 'x') } } }, 'ok', /not tried/, /^$/],
    [
      'limits.swap',
      { host: swapping(), trials: { limits: { memory: noSwap } } },
      'missing',
      /does not account swap/,
      /swapaccount=1[^]*swapoff -a/,
    ],
    ['limits.memory', { host: swapping(), trials: { limits: { memory: noSwap } } }, 'limited', /with swap/, /^$/],
  ])('%s %#', (id, what, status, detail, fix) => {
    const finding = findingOf(id, what);
    expect(finding.status).toBe(status);
    expect(finding.detail).toMatch(detail);
    expect(fixesOf(finding)).toMatch(fix);
  });
});

describe('ids', () => {
  const lent = { uids: { first: 100_000, size: 65_536 }, gids: { first: 100_000, size: 65_536 } };
  const withLoan = (subordinate: typeof lent): HostFacts =>
    plainFacts({ userns: { ...plainFacts().userns, subordinate } });
  const inside = hostFacts({
    userns: { ...hostFacts().userns, initial: false, uids: [{ containerId: 0, hostId: 5, size: 1000 }] },
  });
  const refused = hostFacts({ userns: { ...hostFacts().userns, refused: 'x' } });
  const FAILED = failure('ERR_ID_MAP', 'map ids with newuidmap: x', 'a hint');

  test.each<[id: string, DoctorCase, status: string, detail: RegExp, fix: RegExp]>([
    ['ids.range', {}, 'ok', /65,536 unprivileged ones/, /^$/],
    ['ids.range', { host: refused }, 'ok', /the host’s own/, /^$/],
    ['ids.range', { host: inside }, 'ok', /the 1000 of this user namespace/, /^$/],
    ['ids.range', { host: withLoan(lent) }, 'ok', /65536 more are lent/, /^$/],
    [
      'ids.range',
      { host: withLoan({ ...lent, gids: { first: 1, size: 1000 } }) },
      'limited',
      /1000 more/,
      /ann:165536:65536/,
    ],
    [
      'ids.range',
      { host: plainFacts() },
      'limited',
      /one user only/,
      /^lend ids.*\necho ann:165536:65536 \| tee -a \/etc\/subuid \/etc\/subgid$/,
    ],
    [
      'ids.range',
      { host: plainFacts(), system: { user: { name: '', uid: 7 } } },
      'limited',
      /one user only/,
      /echo 7:165536:65536/,
    ],
    ['ids.map', { trials: { idMaps: FAILED } }, 'missing', /newuidmap: x/, /^a hint$/],
    [
      'ids.map',
      { trials: { idMaps: failure('x', 'y') }, system: { confinement: { seccomp: false, noNewPrivileges: true } } },
      'missing',
      /y/,
      /no_new_privs/,
    ],
    [
      'ids.map',
      {
        host: withLoan(lent),
        trials: { idMaps: FAILED },
        system: { ids: { ...lent, free: 1, newuidmap: 'powerless', newgidmap: 'ok' } },
      },
      'missing',
      /newuidmap: x/,
      /setcap cap_setuid=ep[^]*a hint/,
    ],
  ])('%s %#', (id, what, status, detail, fix) => {
    const finding = findingOf(id, what);
    expect(finding.status).toBe(status);
    expect(finding.detail).toMatch(detail);
    expect(fixesOf(finding)).toMatch(fix);
  });

  test.each([
    ['debian', /^apt-get install uidmap$/m],
    ['mint', /^apt-get install uidmap$/m],
    ['rocky', /^dnf install shadow-utils$/m],
    ['arch', /^pacman -S shadow$/m],
    ['alpine', /^apk add shadow-subids$/m],
    ['leap', /^zypper install shadow$/m],
    ['void', /the package is called uidmap, or shadow-utils/],
  ])('the helpers on %s', (name, fix) => {
    const system = {
      distribution: DISTRIBUTIONS[name]!,
      ids: { ...lent, free: 1, newuidmap: 'ok', newgidmap: 'missing' } as const,
    };
    expect(fixesOf(findingOf('ids.range', { host: plainFacts(), system }))).toMatch(fix);
  });

  test('that were not mapped have nothing to tell', () => {
    const { groups } = diagnose({
      ...doctorFacts(hostFacts()),
      trials: { ...trials(hostFacts()), idMaps: undefined } as never,
    });
    expect(groups.flatMap(({ findings }) => findings).map(({ id }) => id)).not.toContain('ids.map');
  });
});
