import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/errors/option-error.js';
import { type CallerLimits, checkConfinedOptions, confineSpec, isFiltered } from '../../../src/spec/confined.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import type { Spec } from '../../../src/spec/types.js';
import { withinOf } from '../../../src/spec/within.js';

const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
const spec: Spec = {
  ociVersion: '1.3.0',
  root: { path: '/' },
  mounts: [],
  process: {
    args: ['true'],
    env: [],
    cwd: '/asked',
    user: { uid: 0, gid: 0, additionalGids: [0, 1], umask: 0o27 },
    capabilities: { ...none, bounding: ['CAP_SYS_ADMIN'], inheritable: ['CAP_CHOWN'], ambient: ['CAP_CHOWN'] },
    rlimits: [],
    noNewPrivileges: false,
  },
  linux: {
    namespaces: [],
    uidMappings: [],
    gidMappings: [],
    maskedPaths: [],
    readonlyPaths: [],
    sysctl: {},
    resources: {},
  },
  annotations: {},
};
const caller: CallerLimits = {
  within: { base: '/b', directory: 'd', controllers: [], v1: [], owner: { uid: 7, gid: 7 }, inCallersDirectory: true },
  namespaces: [{ type: 'user', path: '/proc/self/fd/9' }],
  user: { uid: 5, gid: 6, groups: [8] },
  capabilities: 0b100001n,
  rlimits: [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }],
  oomScoreAdj: 100,
  directory: '/there',
  outermost: spec,
};
const confine = (process: Partial<Spec['process']> = {}, more: Partial<CallerLimits> = {}): Spec =>
  confineSpec({ ...spec, process: { ...spec.process, ...process } }, { ...caller, ...more });

describe('the spec of a container inside another one', () => {
  it('has the user, the namespaces and at most the rights of its caller', () => {
    const { process, linux, annotations } = confine();
    expect(process).toMatchObject({
      user: { uid: 5, gid: 6, additionalGids: [8], umask: 0o27 },
      capabilities: {
        bounding: ['CAP_CHOWN', 'CAP_KILL'],
        effective: ['CAP_CHOWN', 'CAP_KILL'],
        permitted: ['CAP_CHOWN', 'CAP_KILL'],
        inheritable: [],
        ambient: [],
      },
      rlimits: caller.rlimits,
      oomScoreAdj: 100,
      noNewPrivileges: true,
      cwd: '/there',
    });
    expect(linux.namespaces).toEqual([...caller.namespaces, { type: 'cgroup' }]);
    expect(withinOf({ annotations })).toEqual(caller.within);
    expect(withinOf(spec)).toBeUndefined();
  });

  it('may have less', () => {
    const rlimits = [{ type: 'RLIMIT_NOFILE', soft: 50, hard: 200 }];
    const within = { ...caller.within, inCallersDirectory: false };
    expect(confine({ rlimits, oomScoreAdj: 200 }, { within }).process).toMatchObject({
      rlimits,
      oomScoreAdj: 200,
      cwd: '/asked',
    });
    expect(confine({ oomScoreAdj: 0 }).process.oomScoreAdj).toBe(100);
    expect(() => confine({ rlimits: [{ type: 'RLIMIT_NOFILE', soft: 50, hard: 201 }] })).toThrow(
      new OptionError('ulimits', 'nofile=201', 'at most your own limit: 200').message,
    );
  });

  it('finds the socket where its caller does', () => {
    const outermost = { ...spec, process: { ...spec.process, env: ['A=1', 'CORRAL_API=/s'] } };
    expect(confine({ env: ['B=2'] }, { outermost }).process.env).toEqual(['B=2', 'CORRAL_API=/s']);
    expect(confine({ env: ['CORRAL_API=/t'] }, { outermost }).process.env).toEqual(['CORRAL_API=/t']);
  });

  it('has the filter of the outermost container, and no other', () => {
    const seccomp = { defaultAction: 'SCMP_ACT_ALLOW' } as const;
    const given = { ...spec, linux: { ...spec.linux, seccomp } };
    const standard = { ...spec, annotations: { 'dev.corral.seccomp': 'default' } };
    expect([spec, given, standard].map((one) => isFiltered(one))).toEqual([false, true, true]);
    expect(confine({}, { outermost: given }).linux.seccomp).toBe(seccomp);
    expect(confineSpec(given, caller).linux.seccomp).toBeUndefined();
    const names = (outermost: Spec): readonly string[] =>
      confine({}, { outermost }).linux.seccomp?.syscalls?.flatMap((rule) => rule.names) ?? [];
    expect(names(standard)).toContain('mount');
    expect(names({ ...standard, process: { ...spec.process, capabilities: none } })).not.toContain('mount');
  });

  it.each<ContainerOptions>([
    { isolation: 'full' },
    { noNewPrivileges: false },
    { dieWithParent: true },
    { volumes: [] },
  ])('is not one with %j', (options) => {
    expect(() => checkConfinedOptions(options)).toThrow(OptionError);
  });

  it('is one with limits, labels and a command', () => {
    expect(() =>
      checkConfinedOptions({ isolation: 'cgroup', noNewPrivileges: true, pids: 3, cwd: '/', env: {} }),
    ).not.toThrow();
  });
});
