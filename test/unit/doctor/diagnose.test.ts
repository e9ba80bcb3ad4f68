import { describe, expect, test } from 'vitest';
import { statusOf } from '../../../src/doctor/diagnose.js';
import type { Trials } from '../../../src/doctor/types.js';
import type { HostFacts, SystemFacts } from '../../../src/host/facts.js';
import { NO_CGROUP, hostFacts, mount, plainFacts } from '../../helpers/facts.js';
import { type DoctorCase, diagnosisOf, failure, findingOf, fixesOf, trials } from '../../helpers/doctor.js';

const DENIED = failure('EPERM', 'start corral-init: EPERM (operation not permitted)');
const namespaces = (changes: Partial<Trials['namespaces']>): Pick<Trials, 'namespaces'> => ({
  namespaces: { ...trials(hostFacts()).namespaces, ...changes },
});
const sysctls = (values: Readonly<Record<string, string>>): Pick<SystemFacts, 'sysctls'> => ({
  sysctls: { 'user.max_user_namespaces': '15000', 'kernel.seccomp.actions_avail': 'allow', ...values },
});

test('where all works, nothing is lacking', () => {
  const diagnosis = diagnosisOf({});
  expect(diagnosis).toMatchObject({ runs: true, verdict: 'corral runs containers here, with everything.' });
  expect(diagnosis.groups.map(statusOf)).toEqual(Array(8).fill('ok'));
});

test('every finding says something, and what is lacking says what that costs', () => {
  for (const what of [{}, { host: plainFacts() }, { host: plainFacts({ cgroup: NO_CGROUP }) }]) {
    for (const { findings } of diagnosisOf(what).groups) {
      for (const { status, detail, cost } of findings) {
        expect(detail).toMatch(/\S/);
        expect(cost !== undefined).toBe(status !== 'ok');
      }
    }
  }
});

describe('the verdict', () => {
  const failed = failure('EPERM', 'mount proc on /proc: EPERM (operation not permitted)', 'a hint');

  test.each<[string, Partial<Trials>, boolean, string]>([
    ['limited', { overlay: failed }, true, 'corral runs containers here; one thing is limited or missing.'],
    ['more', { overlay: failed, proc: failed }, true, 'corral runs containers here; 2 things are limited or missing.'],
    [
      'no containers',
      { container: failed, bare: { ok: true } },
      false,
      'corral cannot run containers here; corral run --isolation cgroup works.',
    ],
    ['nothing', { container: failed, bare: failed }, false, 'corral can run nothing here.'],
  ])('%s', (_, changes, runs, verdict) => {
    expect(diagnosisOf({ trials: changes })).toMatchObject({ runs, verdict });
  });

  test('tells of the proof', () => {
    expect(findingOf('proof.container', {}).detail).toBe('started in 5.5ms, gone after 7ms');
    const finding = findingOf('proof.container', { trials: { container: failed } });
    expect(finding).toMatchObject({ status: 'missing', detail: failed.message, fixes: [{ what: 'a hint' }] });
    expect(findingOf('proof.cgroup-only', { trials: { container: failed, bare: { ok: true } } }).status).toBe('ok');
    expect(findingOf('proof.cgroup-only', { trials: { container: failed, bare: failed } }).status).toBe('missing');
  });
});

describe('user namespaces', () => {
  const refused = (reason: string): HostFacts => plainFacts({ userns: { ...plainFacts().userns, refused: reason } });

  test.each<[string, DoctorCase, status: string, fix: RegExp]>([
    [
      'not in the kernel',
      { host: refused('the kernel has no user namespaces'), system: { sysctls: {} } },
      'missing',
      /CONFIG_USER_NS/,
    ],
    [
      'none at all',
      {
        host: refused('/proc/sys/user/max_user_namespaces is 0'),
        system: sysctls({ 'user.max_user_namespaces': '0' }),
      },
      'missing',
      /60-corral\.conf\nuser\.max_user_namespaces = 10000\n\nsysctl --system/,
    ],
    [
      'not for everybody (Debian 10)',
      { host: refused('…'), system: sysctls({ 'kernel.unprivileged_userns_clone': '0' }) },
      'missing',
      /kernel\.unprivileged_userns_clone = 1\n/,
    ],
    [
      'without rights in them (Ubuntu 24.04)',
      {
        host: plainFacts(),
        system: sysctls({ 'kernel.apparmor_restrict_unprivileged_userns': '1' }),
        trials: namespaces({ mount: DENIED }),
      },
      'missing',
      /profile corral-node \/usr\/bin\/node flags=\(unconfined\) \{\n {2}userns,\n\}\n\napparmor_parser[^]*restrict_unprivileged_userns = 0/,
    ],
    [
      'denied in docker',
      { host: plainFacts(), system: { inside: 'docker' }, trials: namespaces({ user: DENIED }) },
      'missing',
      /docker run .*seccomp=unconfined/,
    ],
    [
      'denied in podman',
      { system: { inside: 'podman' }, trials: namespaces({ user: DENIED }) },
      'limited',
      /podman run .*unmask=ALL/,
    ],
    [
      'denied in lxc',
      { system: { inside: 'lxc' }, trials: namespaces({ user: DENIED }) },
      'limited',
      /outer container \(lxc\)/,
    ],
    [
      'denied in corral',
      { system: { inside: 'corral' }, trials: namespaces({ user: DENIED }) },
      'limited',
      /corral run --nest …/,
    ],
    [
      'too many',
      { trials: namespaces({ user: failure('ENOSPC', 'no space') }) },
      'limited',
      /max_user_namespaces = 100000/,
    ],
    ['denied for no reason that is known', { trials: namespaces({ user: DENIED }) }, 'limited', /root can allow them/],
  ])('%s', (_, what, status, fix) => {
    const finding = findingOf('namespaces.user', what);
    expect(finding.status).toBe(status);
    expect(fixesOf(finding)).toMatch(fix);
    expect(finding.cost).toMatch(
      status === 'missing' ? /an unprivileged user can run nothing but/ : /^container root is the host's root/,
    );
  });

  test('are what all else comes from for an unprivileged user, so that is not told of', () => {
    const what = { host: plainFacts(), trials: { ...namespaces({ user: DENIED, pid: DENIED }), proc: DENIED } };
    const { groups } = diagnosisOf(what);
    const lacking = groups.flatMap(({ findings }) => findings).filter(({ status }) => status === 'missing');
    expect(lacking.map(({ id }) => id)).toEqual(['namespaces.user']);
  });

  test('that AppArmor restricts, and lets this program have, are all right', () => {
    const what = { host: plainFacts(), system: sysctls({ 'kernel.apparmor_restrict_unprivileged_userns': '1' }) };
    expect(findingOf('namespaces.user', what).status).toBe('ok');
  });
});

describe('other namespaces', () => {
  test.each<[string, DoctorCase, cost: RegExp, fix: RegExp]>([
    [
      'network',
      { trials: namespaces({ network: failure('ENOSPC', 'x') }) },
      /--net host/,
      /user\.max_net_namespaces = 10000/,
    ],
    ['pid', { trials: namespaces({ pid: failure('EINVAL', 'x') }) }, /--pid host/, /built with them/],
    ['uts', { trials: namespaces({ uts: DENIED }), system: { inside: 'docker' } }, /--uts host/, /docker run/],
    ['ipc', { trials: namespaces({ ipc: DENIED }) }, /--ipc host/, /user namespace above/],
    [
      'cgroup',
      { trials: namespaces({ cgroup: DENIED }), system: sysctls({ 'user.max_cgroup_namespaces': '0' }) },
      /--cgroupns host/,
      /max_cgroup_namespaces/,
    ],
    ['mount', { trials: namespaces({ mount: DENIED }) }, /--isolation cgroup/, /./],
  ])('%s', (type, what, cost, fix) => {
    const finding = findingOf(`namespaces.${type}`, what);
    expect(finding.status).toBe('missing');
    expect(finding.cost).toMatch(cost);
    expect(fixesOf(finding)).toMatch(fix);
  });
});

describe('the kernel', () => {
  const missing = failure('ENOSYS', 'x: ENOSYS (function not implemented)');

  test.each<[id: string, DoctorCase, status: string, detail: RegExp, fix: RegExp]>([
    ['kernel.version', { host: hostFacts({ kernel: [5, 10] }) }, 'limited', /older than 5\.14/, /Linux 5\.14/],
    ['kernel.version', { host: hostFacts({ kernel: [4, 19] }) }, 'limited', /older than 5\.14/, /Linux 5\.14/],
    ['kernel.version', { host: hostFacts({ kernel: [5, 14] }) }, 'ok', /Linux 5\.14/, /^$/],
    [
      'kernel.memfd',
      { trials: { memfd: failure('EACCES', 'x') }, system: sysctls({ 'vm.memfd_noexec': '2' }) },
      'missing',
      /x/,
      /vm\.memfd_noexec = 1/,
    ],
    ['kernel.memfd', { trials: { memfd: failure('EACCES', 'x') } }, 'missing', /x/, /^$/],
    ['kernel.pidfd', { trials: { pidfd: missing } }, 'missing', /ENOSYS/, /Linux 5\.4/],
    [
      'kernel.pidfd-info',
      { trials: { pidfdInfo: failure('ENOTTY', 'x') } },
      'ok',
      /at most corral wait knows less/,
      /^$/,
    ],
    ['kernel.mount-api', { trials: { tree: missing } }, 'missing', /ENOSYS/, /Linux 5\.12/],
    ['kernel.mount-api', { trials: { tree: DENIED }, system: { inside: 'docker' } }, 'missing', /EPERM/, /docker run/],
    [
      'kernel.overlay',
      { trials: { overlay: failure('ENODEV', 'x') } },
      'missing',
      /x/,
      /modules-load\.d\/overlay\.conf\noverlay\n\nmodprobe overlay/,
    ],
    ['kernel.overlay', { host: plainFacts(), trials: { overlay: DENIED } }, 'missing', /EPERM/, /Linux 5\.11/],
    ['kernel.overlay', { host: plainFacts() }, 'ok', /in a user namespace/, /^$/],
    ['kernel.overlay', { trials: { overlay: failure('EINVAL', 'x') } }, 'missing', /x/, /^$/],
    [
      'kernel.proc',
      { trials: { proc: DENIED }, system: { inside: 'docker', proc: { hidepid: '0', covered: ['/proc/kcore'] } } },
      'missing',
      /EPERM .*: \/proc\/kcore are covered here/,
      /systempaths=unconfined/,
    ],
    ['kernel.proc', { system: { proc: { hidepid: '2', covered: [] } } }, 'ok', /hidepid=2/, /^$/],
    ['kernel.sysfs', { trials: { sysfs: DENIED } }, 'missing', /EPERM/, /^$/],
    ['kernel.seccomp', { system: { sysctls: {} } }, 'limited', /no filters/, /CONFIG_SECCOMP_FILTER/],
    [
      'kernel.seccomp',
      { system: { confinement: { seccomp: true, noNewPrivileges: false } } },
      'ok',
      /itself under a filter/,
      /^$/,
    ],
    ['security.lsm', { system: { lsm: {} } }, 'ok', /securityfs is not mounted/, /^$/],
    [
      'security.lsm',
      { system: { lsm: { active: ['apparmor'], profile: 'x (enforce)' } } },
      'ok',
      /apparmor; this process is confined by x/,
      /^$/,
    ],
    [
      'security.no-new-privileges',
      { host: plainFacts(), system: { confinement: { seccomp: false, noNewPrivileges: true } } },
      'ok',
      /setuid/,
      /^$/,
    ],
  ])('%s %#', (id, what, status, detail, fix) => {
    const finding = findingOf(id, what);
    expect(finding.status).toBe(status);
    expect(finding.detail).toMatch(detail);
    expect(fixesOf(finding)).toMatch(fix);
  });
});

describe('files', () => {
  test('whose mounts cannot be idmapped belong to nobody', () => {
    const host = hostFacts({ mounts: [...hostFacts().mounts, mount('/data', '9p')] });
    expect(findingOf('files.owners', { host })).toMatchObject({
      status: 'limited',
      detail: expect.stringContaining('/data') as unknown,
    });
  });

  test('that a file system refuses to map, whatever its kernel’s version promises', () => {
    const what = { trials: { idmap: failure('EINVAL', 'idmap mount /: EINVAL (invalid argument)') } };
    expect(findingOf('files.idmap', what)).toMatchObject({
      status: 'limited',
      detail: 'idmap mount /: EINVAL (invalid argument)',
    });
  });

  test('are as good as it gets where nothing is said', () => {
    expect(findingOf('files.layer', {}).status).toBe('ok');
    const refused = plainFacts({ userns: { ...plainFacts().userns, refused: 'x' } });
    expect(findingOf('files.layer', { host: refused }).status).toBe('ok');
  });
});
