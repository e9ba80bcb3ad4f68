import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import { compileFilter, filterNotes } from '../../../src/compile/filter.js';
import { compileSeccomp } from '../../../src/compile/seccomp/compile.js';
import { ConfigError } from '../../../src/errors/config-error.js';
import type { Step, StepOf } from '../../../src/plan/steps.js';
import { defaultSeccomp } from '../../../src/spec/default-seccomp.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { runFilter } from '../../helpers/bpf.js';
import { hostFacts, specOf } from '../../helpers/facts.js';

const stepsOf = (options: ContainerOptions): readonly Step[] => compile('web', specOf(options), hostFacts()).steps;
const names = (options: ContainerOptions): readonly string[] => stepsOf(options).map(({ op }) => op);
const filterOf = (options: ContainerOptions): StepOf<'set-seccomp'> =>
  stepsOf(options).find((step) => step.op === 'set-seccomp')!;

const ALLOW_ALL = { defaultAction: 'SCMP_ACT_ALLOW' };
const NOTIFY = { ...ALLOW_ALL, listenerPath: '/x', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }] };

describe('where the filter is loaded', () => {
  test('last, where no_new_privs is set', () => {
    expect(names({}).slice(-3)).toEqual(['close-descriptors', 'set-seccomp', 'exec']);
    expect(names({ seccomp: NOTIFY }).slice(-3)).toEqual(['close-descriptors', 'set-seccomp', 'exec']);
  });

  test('before the capabilities go, where it is not', () => {
    const all = names({ noNewPrivileges: false });
    expect(all.indexOf('set-seccomp')).toBe(all.indexOf('set-bounding-capabilities') - 1);
  });

  test('nowhere with unconfined, or without namespaces', () => {
    expect(names({ seccomp: 'unconfined' })).not.toContain('set-seccomp');
    expect(names({ isolation: 'cgroup' })).not.toContain('set-seccomp');
  });
});

describe('which filter it is', () => {
  test('the default one by the capabilities', () => {
    const plain = filterOf({});
    expect(plain.profile).toBe('default');
    expect(filterOf({ capDrop: ['ALL'], capAdd: ['NET_ADMIN'] }).program).toEqual(plain.program);
    const { capabilities } = specOf({ capAdd: ['SYS_TIME'] }).process;
    const { program } = compileSeccomp(defaultSeccomp(capabilities, false), 'x64');
    expect(filterOf({ capAdd: ['SYS_TIME'] }).program).toEqual(program);
    expect(program).not.toEqual(plain.program);
  });

  test('one that lets a nested runtime work, and nothing that it has no use for', () => {
    const { program } = filterOf({ nest: true });
    const verdict = (number: number): number =>
      runFilter(program, { number, architecture: 0xc000003e, args: [0n, 0n, 0n, 0n, 0n, 0n] }).verdict;
    // mount, unshare, setns, pivot_root, clone3, open_tree, keyctl
    for (const number of [165, 272, 308, 155, 435, 428, 250]) expect(verdict(number)).toBe(0x7fff0000);
    // bpf, perf_event_open, io_uring_setup, kexec_load
    for (const number of [321, 298, 425, 246]) expect(verdict(number)).toBe(0x50001);
  });

  test('that of a spec', () => {
    expect(filterOf({ seccomp: ALLOW_ALL })).toMatchObject({ profile: 'given profile', flags: 0 });
    const spec = specOf({});
    const engine = { ...spec, annotations: {}, linux: { ...spec.linux, seccomp: ALLOW_ALL } };
    expect(compileFilter(engine, hostFacts())).toMatchObject([{ profile: 'profile of the configuration' }]);
    expect(compileFilter({ ...spec, annotations: {} }, hostFacts())).toEqual([]);
  });
});

test('a kernel without filters runs containers without the default one, and says so', () => {
  const facts = hostFacts({ noSeccomp: true });
  expect(compileFilter(specOf({}), facts)).toEqual([]);
  expect(compile('web', specOf({}), facts).notes).toEqual(filterNotes(specOf({}), facts));
  expect(filterNotes(specOf({}), facts)).toEqual([expect.stringContaining('no filters')]);
  expect(filterNotes(specOf({ seccomp: 'unconfined' }), facts)).toEqual([]);
  expect(() => compileFilter(specOf({ seccomp: ALLOW_ALL }), facts)).toThrow(ConfigError);
});
