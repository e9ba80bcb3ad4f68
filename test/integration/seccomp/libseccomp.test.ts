import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect } from 'vitest';
import { checkProfile } from '../../../src/compile/seccomp/check.js';
import { ARCHITECTURES_OF, X32_BIT, readTable } from '../../../src/compile/seccomp/architectures.js';
import { compileSeccomp } from '../../../src/compile/seccomp/compile.js';
import { OPERATORS, type Operator } from '../../../src/compile/seccomp/words.js';
import type { Seccomp, SeccompArgument } from '../../../src/spec/seccomp.js';
import { runFilter } from '../../helpers/bpf.js';
import { itWhen } from '../../helpers/when.js';

const HEADER = '/usr/include/seccomp.h';
const SCMP_NAMES = { SCMP_ARCH_X86: 'x86', SCMP_ARCH_ARM: 'arm' };
const [cpu, others] =
  process.arch === 'arm64'
    ? (['arm64', ['SCMP_ARCH_ARM']] as const)
    : // With x32, 2.5 at times forgets to load the number.
      (['x64', ['SCMP_ARCH_X86']] as const);

const CALLS = ['read', 'openat', 'personality', 'mount', 'fstat64', 'chown32', 'ptrace', 'set_tls', 'preadv2'];

const number = fc.oneof(
  fc.bigInt(0n, 4n),
  fc.bigInt(0xffff_fffen, 0x1_0000_0001n),
  fc.bigInt(2n ** 64n - 2n, 2n ** 64n - 1n),
);

const argument = fc
  .record({ index: fc.nat(5), op: fc.constantFrom(...OPERATORS), value: number, valueTwo: number })
  // What is compared behind a mask is taken as it is by one, and masked as well by the other.
  .map((made) => (made.op === 'SCMP_CMP_MASKED_EQ' ? { ...made, valueTwo: made.value & made.valueTwo } : made))
  // Nothing is left of it: to libseccomp that is no condition.
  .filter(({ op, value }) => op !== 'SCMP_CMP_MASKED_EQ' || BigInt.asUintN(32, value) !== 0n);

const action = fc.constantFrom(
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
);

// Rules for one call with conditions on different arguments, or with different actions, are where libseccomp 2.5 goes astray:
// it lays them into one tree. So a call has one such rule here, or some that differ in the value of one argument, as in
// the profiles that there are.
const conditions: fc.Arbitrary<readonly (readonly SeccompArgument[])[]> = fc.oneof(
  fc.uniqueArray(argument, { maxLength: 3, selector: ({ index }) => index }).map((args) => [args]),
  fc
    .tuple(fc.nat(5), fc.uniqueArray(number, { minLength: 1, maxLength: 4 }))
    .map(([index, values]) => values.map((value) => [{ index, op: 'SCMP_CMP_EQ', value, valueTwo: 0n }])),
);

const rules = fc
  .uniqueArray(fc.record({ name: fc.constantFrom(...CALLS), action, conditions, always: fc.option(action) }), {
    maxLength: 6,
    selector: ({ name }) => name,
  })
  .map((made) =>
    made.flatMap(({ name, action: what, conditions: alternatives, always }) => [
      ...alternatives.map((args) => ({ names: [name], action: what, ...(args.length === 0 ? {} : { args }) })),
      // It beats the others, though it comes last.
      ...(always === null ? [] : [{ names: [name], action: always }]),
    ]),
  );

const profile: fc.Arbitrary<Seccomp> = fc.record({
  defaultAction: fc.oneof(action, fc.constant('SCMP_ACT_ERRNO')),
  architectures: fc.subarray([...others]),
  syscalls: rules,
});

/** SECCOMP_RET_ERRNO with ENOSYS. */
const NEWER = 0x50026;

/** enum scmp_compare, seccomp.h */
const COMPARE: Readonly<Record<Operator, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** As runc puts it to libseccomp. */
function toWords(made: Seccomp): string {
  const { defaultReturn, rules: checked, architectures } = checkProfile(made, '');
  const lines = checked.flatMap(({ names, returns, alternatives }) =>
    alternatives.map((conditions) => {
      const args = conditions.map(({ index, operator, value, mask }) => {
        const word = ({ high, low }: { readonly high: number; readonly low: number }): string =>
          String((BigInt(high) << 32n) | BigInt(low));
        const [a, b] = operator === 'SCMP_CMP_MASKED_EQ' ? [mask, value] : [value, value];
        return `${String(index)} ${String(COMPARE[operator])} ${word(a)} ${word(b)}`;
      });
      return `rule ${String(returns)} ${names[0] ?? ''} ${String(conditions.length)} ${args.join(' ')}`;
    }),
  );
  const archs = architectures.map((name) => `arch ${SCMP_NAMES[name as keyof typeof SCMP_NAMES]}`);
  return [`filter ${String(defaultReturn)}`, ...archs, ...lines, 'end', ''].join('\n');
}

/** Returns what libseccomp makes of a profile; `undefined` where it never comes to an end, as 2.5 does with some. */
function buildTheirs(program: string, made: Seccomp): Uint8Array | undefined {
  const { status, stdout, stderr } = spawnSync(program, { input: toWords(made), timeout: 2000 });
  if (status === null) return undefined;
  expect(stderr.toString()).toBe('');
  return stdout;
}

const calls = ARCHITECTURES_OF[cpu].flatMap(({ audit, abis }) =>
  abis.flatMap(({ table, base }) =>
    [...CALLS.map((name) => readTable(table).get(name)), 3, 470, 5000].flatMap((one) =>
      one === undefined ? [] : [{ architecture: audit, number: base + one }],
    ),
  ),
);
const odd = [
  { architecture: ARCHITECTURES_OF[cpu][0].audit, number: X32_BIT + 1 },
  { architecture: ARCHITECTURES_OF[cpu][0].audit, number: 0xffffffff },
  { architecture: 0xc000_0016, number: 0 },
];

itWhen(existsSync(HEADER), 'needs libseccomp-dev')('a filter says what that of libseccomp says', () => {
  const directory = mkdtempSync(`${tmpdir()}/corral-libseccomp-`);
  try {
    const source = fileURLToPath(new URL('libseccomp.c', import.meta.url));
    execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-o', `${directory}/build`, source, '-lseccomp']);
    const profiles = fc.sample(profile, { numRuns: 300, seed: 1 });
    const values = fc.sample(fc.array(number, { minLength: 6, maxLength: 6 }), { numRuns: 12, seed: 2 });
    const data = [...calls, ...odd].flatMap((call) => values.map((args) => ({ ...call, args })));
    let compared = 0;
    for (const made of profiles) {
      const theirs = buildTheirs(`${directory}/build`, made);
      if (theirs === undefined) continue;
      compared++;
      const { program } = compileSeccomp(made, cpu);
      const different = data.filter((call) => {
        const { verdict } = runFilter(program, call);
        // What is newer than the profile: libseccomp leaves that to runc.
        return verdict !== NEWER && verdict !== runFilter(theirs, call).verdict;
      });
      expect({ made, different }).toEqual({ made, different: [] });
    }
    expect(compared).toBeGreaterThan(0.9 * profiles.length);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
