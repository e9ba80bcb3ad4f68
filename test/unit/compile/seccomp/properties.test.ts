import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cpu } from '../../../../src/host/facts.js';
import { ARCHITECTURES_OF, X32_BIT, readTable } from '../../../../src/compile/seccomp/architectures.js';
import { compileSeccomp } from '../../../../src/compile/seccomp/compile.js';
import { OPERATORS } from '../../../../src/compile/seccomp/words.js';
import type { Seccomp } from '../../../../src/spec/seccomp.js';
import { runFilter } from '../../../helpers/bpf.js';
import { judge } from './naive.js';

const CALLS = [
  ...['read', 'openat', 'clone', 'clone3', 'personality', 'mount', 'fstat64', 'chown32', 'arch_prctl', 'mseal'],
  ...['cacheflush', 'set_tls', 'rt_sigaction', 'preadv2', 'execveat', 'kexec_file_load', 'renameat2', 'no_such_call'],
];

// Numbers near each other, near the edge between the halves, and near the ends: where comparisons go wrong.
const number = fc.oneof(
  fc.bigInt(0n, 9n),
  fc.bigInt(0xffff_fffen, 0x1_0000_0003n),
  fc.bigInt(2n ** 64n - 3n, 2n ** 64n - 1n),
  fc.bigInt(0n, 2n ** 64n - 1n),
);

const argument = fc.record({
  index: fc.nat(5),
  op: fc.constantFrom(...OPERATORS),
  value: number,
  valueTwo: fc.oneof(fc.constant(0n), number),
});

const action = fc.constantFrom(
  ...['SCMP_ACT_KILL', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP', 'SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'],
  ...['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'],
);

const withErrno = <T extends { readonly action: string }>(
  rule: T,
  errno: number | undefined,
): T & { errnoRet?: number } =>
  errno !== undefined && ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'].includes(rule.action)
    ? { ...rule, errnoRet: errno }
    : rule;

const rule = fc
  .tuple(
    fc.record({
      names: fc.uniqueArray(fc.constantFrom(...CALLS), { minLength: 1, maxLength: 6 }),
      action,
      args: fc.array(argument, { maxLength: 3 }),
    }),
    fc.option(fc.nat(4095), { nil: undefined }),
  )
  .map(([made, errno]) => withErrno(made, errno));

const profile: fc.Arbitrary<Seccomp> = fc.record({
  defaultAction: action,
  architectures: fc.subarray([
    'SCMP_ARCH_X86',
    'SCMP_ARCH_X86_64',
    'SCMP_ARCH_X32',
    'SCMP_ARCH_ARM',
    'SCMP_ARCH_AARCH64',
    'SCMP_ARCH_MIPS',
  ]),
  syscalls: fc.array(rule, { maxLength: 12 }),
});

const audits = (cpu: Cpu): readonly number[] => [...ARCHITECTURES_OF[cpu].map(({ audit }) => audit), 0xc000_0016];

const tables = (cpu: Cpu): readonly ReadonlyMap<string, number>[] =>
  ARCHITECTURES_OF[cpu].flatMap(({ abis }) => abis.map(({ table }) => readTable(table)));

const interesting = (cpu: Cpu): readonly number[] => {
  const named = tables(cpu).flatMap((table) => CALLS.map((name) => table.get(name) ?? 0));
  const near = [...named, 470, 512, 547, 0xf0000, 0xf0007].flatMap((one) => [one, one + 1, Math.max(0, one - 1)]);
  return [...new Set([...near, ...near.map((one) => X32_BIT + one), X32_BIT - 1, 0xffffffff])];
};

describe.each(['x64', 'arm64'] as const)('a filter for %s', (cpu) => {
  const numbers = interesting(cpu);

  test('says what the profile says, read rule by rule', () => {
    const calls = fc.array(
      fc.record({
        number: fc.constantFrom(...numbers),
        architecture: fc.constantFrom(...audits(cpu)),
        args: fc.array(number, { minLength: 6, maxLength: 6 }),
      }),
      { minLength: 30, maxLength: 30 },
    );
    fc.assert(
      fc.property(profile, calls, (made, asked) => {
        const { program } = compileSeccomp(made, cpu);
        for (const data of asked) expect(runFilter(program, data).verdict).toBe(judge(made, cpu, data));
      }),
      { numRuns: 500 },
    );
  });

  test('does so for every number', () => {
    fc.assert(
      fc.property(profile, fc.array(number, { minLength: 6, maxLength: 6 }), (made, args) => {
        const { program } = compileSeccomp(made, cpu);
        for (const architecture of audits(cpu)) {
          for (const one of numbers) {
            const data = { number: one, architecture, args };
            expect(runFilter(program, data).verdict, String(one)).toBe(judge(made, cpu, data));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('finds any of all system calls in some ten comparisons', () => {
    const names = [...new Set(tables(cpu).flatMap((table) => [...table.keys()]))];
    const every = names.map((name, index) => ({ names: [name], action: 'SCMP_ACT_ERRNO', errnoRet: index + 2 }));
    const architectures = ['SCMP_ARCH_X86', 'SCMP_ARCH_X32', 'SCMP_ARCH_ARM'];
    const made: Seccomp = { defaultAction: 'SCMP_ACT_ERRNO', architectures, syscalls: every };
    const { program } = compileSeccomp(made, cpu);
    for (const architecture of audits(cpu)) {
      for (let one = 0; one < 600; one++) {
        const data = { number: one, architecture, args: [0n, 0n, 0n, 0n, 0n, 0n] };
        const { verdict, steps } = runFilter(program, data);
        expect(verdict).toBe(judge(made, cpu, data));
        expect(steps).toBeLessThan(25);
      }
    }
  });
});
