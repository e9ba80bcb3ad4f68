import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ARCHITECTURES_OF, X32_BIT, readTable } from '../../../../src/compile/seccomp/architectures.js';
import { compileSeccomp } from '../../../../src/compile/seccomp/compile.js';
import { X86 } from '../../../../src/compile/seccomp/tables/x86.js';
import { X86_64 } from '../../../../src/compile/seccomp/tables/x86-64.js';
import { ConfigError } from '../../../../src/errors/config-error.js';
import type { Seccomp, SeccompRule } from '../../../../src/spec/seccomp.js';
import { runFilter } from '../../../helpers/bpf.js';

const AUDIT_X86_64 = 0xc000003e;
const AUDIT_X86 = 0x40000003;
const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const ENOSYS = 0x50026;
const KILL_PROCESS = 0x80000000;

const rule = (name: string, more: Partial<SeccompRule> = {}): SeccompRule => {
  return { names: [name], action: 'SCMP_ACT_ALLOW', ...more };
};

const profileOf = (...syscalls: readonly SeccompRule[]): Seccomp => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86'],
  syscalls,
});

/** What the filter of a profile says to a call. */
function ask(profile: Seccomp, number: number, args: readonly bigint[] = [], architecture = AUDIT_X86_64): number {
  const { program } = compileSeccomp(profile, 'x64');
  const six = Array.from({ length: 6 }, (_, index) => args[index] ?? 0n);
  return runFilter(program, { number, architecture, args: six }).verdict;
}

const x64 = (name: string): number => readTable(X86_64).get(name)!;
const x86 = (name: string): number => readTable(X86).get(name)!;

describe('a filter', () => {
  test('kills what is of another architecture, and x32 that is not listed', () => {
    const profile = profileOf(rule('read'));
    expect(ask(profile, 0, [], 0xc00000b7)).toBe(KILL_PROCESS);
    expect(ask(profile, X32_BIT)).toBe(KILL_PROCESS);
    expect(ask({ ...profile, architectures: ['SCMP_ARCH_X32'] }, X32_BIT)).toBe(ALLOW);
    // A tracer skips a call so.
    expect(ask(profile, 0xffffffff)).toBe(EPERM);
  });

  test('is of the processor’s own architecture in any case', () => {
    expect(ask({ ...profileOf(rule('read')), architectures: [] }, 0)).toBe(ALLOW);
    expect(ask({ ...profileOf(rule('read')), architectures: ['SCMP_ARCH_MIPS'] }, 0)).toBe(ALLOW);
  });

  test('says ENOSYS to what is newer than all that it knows, where it would refuse', () => {
    const profile = profileOf(rule('read'), rule('clone3'));
    expect(ask(profile, x64('clone3') + 1)).toBe(ENOSYS);
    expect(ask(profile, x64('openat2') - 200)).toBe(EPERM);
    expect(ask({ ...profile, defaultAction: 'SCMP_ACT_KILL' }, 9999)).toBe(ENOSYS);
    expect(ask({ ...profile, defaultAction: 'SCMP_ACT_TRACE' }, 9999)).toBe(0x7ff00001);
    expect(ask({ defaultAction: 'SCMP_ACT_ERRNO' }, 9999)).toBe(EPERM);
  });

  test('counts a rule that says what the default says as no rule, but as knowledge', () => {
    const profile = profileOf(rule('mseal', { action: 'SCMP_ACT_ERRNO', errnoRet: 1 }), rule('read'), rule('mseal'));
    expect(ask(profile, x64('mseal'))).toBe(ALLOW);
    expect(ask(profile, x64('mseal') - 1)).toBe(EPERM);
  });

  test('has names that nothing knows left out', () => {
    expect(ask(profileOf(rule('no_such_call'), rule('read')), 0)).toBe(ALLOW);
  });

  test('takes one of several conditions about the same argument for enough, as runc does', () => {
    const args = [
      { index: 0, op: 'SCMP_CMP_EQ', value: 1 },
      { index: 0, op: 'SCMP_CMP_EQ', value: 2 },
      { index: 1, op: 'SCMP_CMP_EQ', value: 7 },
    ];
    const profile = profileOf(rule('read', { args }));
    expect([1n, 2n, 3n].map((one) => ask(profile, 0, [one]))).toEqual([ALLOW, ALLOW, EPERM]);
    expect(ask(profile, 0, [3n, 7n])).toBe(ALLOW);
  });

  test('of 32-bit x86 sees through socketcall and ipc', () => {
    const deny: Seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86'],
      syscalls: [
        rule('socket', { action: 'SCMP_ACT_ERRNO', args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 40 }] }),
        rule('shmat', { action: 'SCMP_ACT_ERRNO' }),
      ],
    };
    expect(ask(deny, x86('socketcall'), [1n], AUDIT_X86)).toBe(EPERM);
    expect(ask(deny, x86('socketcall'), [2n], AUDIT_X86)).toBe(ALLOW);
    expect(ask(deny, x86('ipc'), [0x10015n], AUDIT_X86)).toBe(EPERM);
    const allow = profileOf(
      rule('bind'),
      rule('socket', { args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 1 }] }),
      rule('read'),
    );
    expect(ask(allow, x86('socketcall'), [2n], AUDIT_X86)).toBe(ALLOW);
    // The family is in memory: nobody has said that all may be had.
    expect(ask(allow, x86('socketcall'), [1n], AUDIT_X86)).toBe(EPERM);
  });

  test('jumps further than a comparison can', () => {
    const args = (value: number): NonNullable<SeccompRule['args']> => [
      { index: value % 6, op: 'SCMP_CMP_EQ', value: value + 1 },
    ];
    const rules = Array.from({ length: 300 }, (_, index) =>
      rule('read', { args: args(index), action: 'SCMP_ACT_ERRNO', errnoRet: 2 + index }),
    );
    const profile = profileOf(...rules);
    for (const index of [0, 1, 255, 256, 299]) {
      const six = Array.from({ length: 6 }, (_, at) => (at === index % 6 ? BigInt(index + 1) : 0n));
      expect(ask(profile, 0, six)).toBe(0x50000 + 2 + index);
    }
    expect(ask(profile, 0)).toBe(EPERM);
  });

  test('that would be too long is refused, however long', () => {
    const rules = Array.from({ length: 30_000 }, (_, index) =>
      rule('read', { args: [{ index: 0, op: 'SCMP_CMP_EQ', value: index }] }),
    );
    expect(() => compileSeccomp(profileOf(...rules.slice(0, 3000)), 'x64')).toThrow(/^\/linux\/seccomp: 3000 is not/);
    expect(() => compileSeccomp(profileOf(...rules), 'x64', '/seccomp')).toThrow(/^\/seccomp: 30000 is not/);
  });
});

describe('flags', () => {
  const flagsOf = (flags: readonly string[], more: Partial<Seccomp> = {}): number =>
    compileSeccomp({ ...profileOf(rule('read')), flags, ...more }, 'x64').flags;

  test('are those of seccomp(2)', () => {
    expect(flagsOf(['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'])).toBe(6);
    expect(flagsOf(['SECCOMP_FILTER_FLAG_TSYNC'])).toBe(0);
  });

  test('about notifications count where there are some', () => {
    const notifying = { listenerPath: '/run/agent.sock', syscalls: [rule('mkdir', { action: 'SCMP_ACT_NOTIFY' })] };
    expect(flagsOf(['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'])).toBe(0);
    expect(flagsOf(['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'], notifying)).toBe(0x28);
    expect(flagsOf([], notifying)).toBe(8);
  });
});

describe('what makes no sense is named', () => {
  const argument = { index: 0, op: 'SCMP_CMP_EQ', value: 0 };
  const cases: readonly (readonly [pointer: string, profile: Seccomp])[] = [
    ['/defaultAction', { defaultAction: 'ALLOW' }],
    ['/defaultAction', { defaultAction: 'SCMP_ACT_NOTIFY', listenerPath: '/x' }],
    ['/defaultErrnoRet', { defaultAction: 'SCMP_ACT_ALLOW', defaultErrnoRet: 1 }],
    ['/defaultErrnoRet', { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 4096 }],
    ['/architectures/0', { ...profileOf(), architectures: ['SCMP_ARCH_VAX'] }],
    ['/flags/1', { ...profileOf(), flags: ['SECCOMP_FILTER_FLAG_LOG', 'toString'] }],
    ['/listenerMetadata', { ...profileOf(), listenerMetadata: 'x' }],
    ['/listenerPath', profileOf(rule('mkdir', { action: 'SCMP_ACT_NOTIFY' }))],
    ['/listenerPath', { ...profileOf(rule('mkdir', { action: 'SCMP_ACT_NOTIFY' })), listenerPath: 'x'.repeat(108) }],
    ['/syscalls/0/names', profileOf(rule('x', { names: [] }))],
    ['/syscalls/0/names/0', profileOf(rule(''))],
    ['/syscalls/0/names/0', { ...profileOf(rule('write', { action: 'SCMP_ACT_NOTIFY' })), listenerPath: '/x' }],
    ['/syscalls/1/action', profileOf(rule('read'), rule('read', { action: 'SCMP_ACT_' }))],
    ['/syscalls/0/errnoRet', profileOf(rule('read', { errnoRet: 1 }))],
    ['/syscalls/0/errnoRet', profileOf(rule('read', { action: 'SCMP_ACT_TRACE', errnoRet: 65536 }))],
    ['/syscalls/0/args/0/index', profileOf(rule('read', { args: [{ ...argument, index: 6 }] }))],
    ['/syscalls/0/args/0/op', profileOf(rule('read', { args: [{ ...argument, op: 'SCMP_CMP_IN' }] }))],
    ['/syscalls/0/args/0/value', profileOf(rule('read', { args: [{ ...argument, value: -1 }] }))],
    ['/syscalls/0/args/0/value', profileOf(rule('read', { args: [{ ...argument, value: 2n ** 64n }] }))],
    ['/syscalls/0/args/0/value', profileOf(rule('read', { args: [{ ...argument, value: 2 ** 64 }] }))],
    ['/syscalls/0/args/0/valueTwo', profileOf(rule('read', { args: [{ ...argument, valueTwo: 0.5 }] }))],
  ];

  test.each(cases)('%s', (pointer, profile) => {
    expect(() => compileSeccomp(profile, 'x64')).toThrow(ConfigError);
    expect(() => compileSeccomp(profile, 'x64')).toThrow(
      expect.objectContaining({ pointer: `/linux/seccomp${pointer}` }) as Error,
    );
  });
});

test('the tables know the calls of each architecture', () => {
  const [{ abis: own }, { abis: other }] = [ARCHITECTURES_OF.arm64[0], ARCHITECTURES_OF.arm64[1]!];
  expect(readTable(own[0]!.table).get('openat')).toBe(56);
  expect(readTable(other[0]!.table).get('sync_file_range2')).toBe(341);
  expect(readTable(other[0]!.table).get('set_tls')).toBe(0xf0005);
  expect([x64('mseal'), x86('mseal'), x86('socket'), x64('execve')]).toEqual([462, 462, 359, 59]);
  expect(readTable(ARCHITECTURES_OF.x64[0].abis[1]!.table).get('execve')).toBe(520);
});

test('the filters that were compiled beforehand are those of the profile', () => {
  const script = fileURLToPath(new URL('../../../../scripts/precompile-seccomp.mjs', import.meta.url));
  const file = new URL('../../../../src/compile/seccomp/precompiled.ts', import.meta.url);
  expect(execFileSync(process.execPath, [script, '--print'], { encoding: 'utf8' })).toBe(readFileSync(file, 'utf8'));
}, 60_000);
