import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readTable } from '../../src/compile/seccomp/architectures.js';
import { type Filter, compileSeccomp } from '../../src/compile/seccomp/compile.js';
import { ConfigError } from '../../src/errors/config-error.js';
import { parseConfig } from '../../src/spec/config/config.js';
import { type Json, type JsonObject, parseJson } from '../../src/spec/config/json.js';
import { SECCOMP_WORDS } from '../../src/spec/seccomp-words.js';
import { ENGINE_CONFIGS, formatJson, minimalConfig, readFixture } from '../helpers/configs.js';

const CPU = process.arch === 'arm64' ? 'arm64' : 'x64';
const NAMES = [...readTable(CPU).keys(), 'socketcall', 'ipc', 'missing'];

const number: fc.Arbitrary<Json> = fc.oneof(
  fc.nat(9),
  fc.bigInt(0xffff_fff0n, 0x1_0000_000fn),
  fc.bigInt(0n, 2n ** 64n - 1n),
);

const argument = fc.record<Record<string, Json>>(
  { index: fc.nat(5), op: fc.constantFrom(...SECCOMP_WORDS.operators), value: number, valueTwo: number },
  { requiredKeys: ['index', 'op', 'value'] },
);

const errno: fc.Arbitrary<Json> = fc.oneof(fc.nat(133), fc.nat(133), fc.constantFrom(4095, 4096, 65_535));

const rule = fc
  .record<Record<string, Json>>(
    {
      names: fc.oneof(
        fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 6 }),
        fc.subarray(NAMES, { minLength: 1 }),
      ),
      action: fc.constantFrom(...SECCOMP_WORDS.actions),
      errnoRet: errno,
      args: fc.array(argument, { maxLength: 8 }),
    },
    { requiredKeys: ['names', 'action'] },
  )
  .map((made) => withoutErrno(made, made['action'], 'errnoRet'));

const comparison = fc.record<Record<string, Json>>({
  names: fc.constant(['personality', 'ioctl']),
  action: fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO', 'SCMP_ACT_LOG'),
  args: fc.array(argument, { minLength: 1, maxLength: 3 }),
});

/** Only these have an error number; a profile with one elsewhere is refused, and would be nearly always. */
const HAVE_ERRNO = ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'];

function withoutErrno(made: Record<string, Json>, action: Json | undefined, name: string): Record<string, Json> {
  const { [name]: _errno, ...rest } = made;
  return HAVE_ERRNO.some((each) => each === action) ? made : rest;
}

/** The `seccomp` of a config.json, with all that may be in one; most of them make sense. */
const arbitraryProfile: fc.Arbitrary<Json> = fc
  .record<Record<string, Json>>(
    {
      defaultAction: fc.constantFrom(...SECCOMP_WORDS.actions),
      defaultErrnoRet: errno,
      architectures: fc.subarray([...SECCOMP_WORDS.architectures]),
      flags: fc.subarray([...SECCOMP_WORDS.flags]),
      listenerPath: fc.constant('/run/listener.sock'),
      syscalls: fc.oneof(
        fc.array(rule, { maxLength: 12 }),
        fc.array(rule, { minLength: 40, maxLength: 200 }),
        // As many instructions as fit, and more.
        fc.array(comparison, { minLength: 200, maxLength: 1200 }),
      ),
    },
    { requiredKeys: ['defaultAction', 'listenerPath'] },
  )
  .map((made) => withoutErrno(made, made['defaultAction'], 'defaultErrnoRet'));

/** Profiles of a seed, those of engines among them. */
export function sampleProfiles(count: number, seed: number): readonly Json[] {
  const engines = ENGINE_CONFIGS.map((name) => (parseJson(readFixture(name)) as JsonObject)['linux'] as JsonObject);
  const theirs = engines.flatMap(({ seccomp }) => (seccomp === undefined ? [] : [seccomp]));
  return [...theirs, ...fc.sample(arbitraryProfile, { numRuns: count, seed })].slice(0, count);
}

/** Reads a profile as it stands in a config.json, and compiles it. @returns `undefined` where that is refused */
export function compileProfile(profile: Json): Filter | undefined {
  try {
    const { spec } = parseConfig(formatJson(minimalConfig({ linux: { seccomp: profile } })), '/');
    return spec.linux.seccomp === undefined ? undefined : compileSeccomp(spec.linux.seccomp, CPU);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Has the kernel load each of the filters. @returns 0 or an errno for each */
export function loadFilters(source: string, filters: readonly Filter[]): readonly number[] {
  const directory = mkdtempSync(join(tmpdir(), 'corral-verifier-'));
  try {
    const program = join(directory, 'verifier');
    execFileSync('gcc', ['-O1', '-Wall', '-Werror', '-o', program, source]);
    const input = Buffer.concat(
      filters.flatMap((filter) => [Uint8Array.from(new Uint8Array(headOf(filter).buffer)), filter.program]),
    );
    const { status, stdout } = spawnSync(program, { input, maxBuffer: 1 << 24 });
    if (status !== 0) throw new Error(`the verifier has ended with ${String(status)}`);
    return stdout.toString().trim().split('\n').map(Number);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function headOf({ flags, program }: Filter): Uint32Array {
  return Uint32Array.of(flags, program.length);
}
