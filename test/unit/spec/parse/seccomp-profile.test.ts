import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileSeccomp } from '../../../../src/compile/seccomp/compile.js';
import { OptionError } from '../../../../src/errors/option-error.js';
import { type ProfileSurroundings, readSeccompProfile } from '../../../../src/spec/parse/seccomp-profile.js';
import { specOf } from '../../../helpers/facts.js';

const AROUND: ProfileSurroundings = { cpu: 'x64', kernel: [5, 10], capabilities: ['CAP_CHOWN'] };

const read = (value: unknown, around: Partial<ProfileSurroundings> = {}): ReturnType<typeof readSeccompProfile> =>
  readSeccompProfile(value, '/etc/p.json', { ...AROUND, ...around });

const rule = (more: object): object => ({ names: ['read'], action: 'SCMP_ACT_ALLOW', ...more });
const isMeant = (more: object, around: Partial<ProfileSurroundings> = {}): boolean =>
  (read({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [rule(more)] }, around).syscalls ?? []).length === 1;

describe('a profile', () => {
  test('of the runtime-spec stays as it is', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      listenerPath: '/run/x',
      listenerMetadata: 'm',
      syscalls: [
        {
          names: ['a', 'b'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: 5,
          args: [{ index: 0, value: 2n ** 64n - 1n, valueTwo: 0, op: 'SCMP_CMP_EQ' }],
        },
      ],
    };
    expect(read(profile)).toEqual(profile);
  });

  test('of Docker’s has an architecture with what goes with it, and names in the singular', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: null,
      archMap: [
        { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
        { architecture: 'SCMP_ARCH_X86_64', subArchitectures: null },
      ],
      syscalls: [{ name: 'read', action: 'SCMP_ACT_ALLOW', args: null, comment: '' }],
    };
    expect(read(profile)).toEqual({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }],
    });
    expect(read(profile, { cpu: 'arm64' }).architectures).toEqual(['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
    expect(read(profile, { cpu: 'riscv64' })).not.toHaveProperty('architectures');
  });

  test('of podman’s may name its errors', () => {
    const profile = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrno: 'ENOSYS', syscalls: [rule({ errno: 'EPERM' })] };
    expect(read(profile)).toMatchObject({ defaultErrnoRet: 38, syscalls: [{ errnoRet: 1 }] });
    expect(() => read({ defaultAction: 'x', defaultErrno: 'EXX' })).toThrow(
      'seccomp: /etc/p.json: defaultErrno: "EXX" is not an error such as EPERM',
    );
  });
});

describe('a rule is meant', () => {
  test('for processors', () => {
    expect(isMeant({ includes: { arches: ['amd64'] } })).toBe(true);
    expect(isMeant({ includes: { arches: ['arm64'] } })).toBe(false);
    expect(isMeant({ excludes: { arches: ['amd64'] } })).toBe(false);
    expect(isMeant({ includes: { arches: ['riscv64'] } }, { cpu: 'riscv64' })).toBe(true);
  });

  test('for capabilities', () => {
    expect(isMeant({ includes: { caps: ['CAP_CHOWN'] } })).toBe(true);
    expect(isMeant({ includes: { caps: ['CAP_CHOWN', 'CAP_KILL'] } })).toBe(false);
    expect(isMeant({ excludes: { caps: ['CAP_KILL', 'CAP_CHOWN'] } })).toBe(false);
    expect(isMeant({ excludes: { caps: ['CAP_KILL'] }, includes: {} })).toBe(true);
  });

  test('for kernels', () => {
    const versions = ['4.8', '5.10', '5.11', '6.0'];
    expect(versions.map((minKernel) => isMeant({ includes: { minKernel } }))).toEqual([true, true, false, false]);
    expect(versions.map((minKernel) => isMeant({ excludes: { minKernel } }))).toEqual([false, false, true, true]);
  });
});

describe('what makes no sense is named', () => {
  test.each([
    [7, 'seccomp: /etc/p.json: profile: 7 is not an object'],
    [{ defaultAction: 1 }, 'seccomp: /etc/p.json: defaultAction: 1 is not text'],
    [
      { defaultAction: 'x', syscalls: [rule({ names: [1] })] },
      'seccomp: /etc/p.json: syscalls.0.names.0: 1 is not text',
    ],
    [
      { defaultAction: 'x', architectures: ['a'], archMap: [{ architecture: 'b' }] },
      'seccomp: /etc/p.json: archMap: [{"architecture":"b"}] is not possible with architectures',
    ],
    [
      { defaultAction: 'x', syscalls: [rule({ includes: { minKernel: 'new' } })] },
      'seccomp: /etc/p.json: syscalls.0.includes.minKernel: "new" is not a version such as 4.8',
    ],
  ])('%j', (value, message) => {
    expect(() => read(value)).toThrow(OptionError);
    expect(() => read(value)).toThrow(message);
  });
});

test('the option is a word, a file, or the profile itself', () => {
  const file = { defaultAction: 'SCMP_ACT_LOG' };
  const around = { readJson: (path: string) => (path === '/work/p.json' ? file : undefined) };
  expect(specOf({ seccomp: 'p.json' }, around)).toMatchObject({
    linux: { seccomp: file },
    annotations: { 'dev.corral.seccomp': '/work/p.json' },
  });
  expect(specOf({ seccomp: file }).linux.seccomp).toMatchObject(file);
  expect(specOf({}).linux).not.toHaveProperty('seccomp');
  expect(specOf({ seccomp: 'unconfined' }).annotations).not.toHaveProperty('dev.corral.seccomp');
  expect(() => specOf({ seccomp: 'unconfined', isolation: 'cgroup' })).toThrow('isolation');
});

const PODMAN = '/usr/share/containers/seccomp.json';

test('podman’s own profile can be read, and compiled', (context) => {
  if (!existsSync(PODMAN)) context.skip('needs podman’s profile (golang-github-containers-common)');
  const profile = read(JSON.parse(readFileSync(PODMAN, 'utf8')) as unknown);
  expect(compileSeccomp(profile, 'x64').program.length / 8).toBeLessThan(500);
});
