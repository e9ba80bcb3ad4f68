import { describe, expect, test } from 'vitest';
import {
  compileFinalAffinity,
  compileInitialAffinity,
  compilePersonality,
  compileScheduling,
} from '../../../src/compile/scheduling.js';
import { ConfigError } from '../../../src/errors/config-error.js';
import type { Linux, Process } from '../../../src/spec/types.js';
import { engineSpec } from '../../helpers/engine-spec.js';

const { process, linux } = engineSpec('true');

const scheduling = (some: Partial<Process>, more: Partial<Linux> = {}) =>
  compileScheduling({ ...process, ...some }, { ...linux, ...more });

function pointerOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.pointer;
  }
  throw new Error('no ConfigError');
}

test('nothing asked for is nothing done', () => {
  expect(scheduling({})).toEqual([]);
  expect(compilePersonality(linux)).toEqual([]);
  expect(compileInitialAffinity(process)).toEqual([]);
  expect(compileFinalAffinity(process)).toEqual([]);
});

describe('the scheduler', () => {
  test('has the policy by number, and what was not given is 0', () => {
    expect(scheduling({ scheduler: { policy: 'SCHED_DEADLINE', runtime: 1n, deadline: 2, period: 3 } })).toEqual([
      { op: 'set-scheduler', policy: 6, flags: 0, nice: 0, priority: 0, runtime: 1n, deadline: 2, period: 3 },
    ]);
    const flags = ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_UTIL_CLAMP_MAX'];
    expect(scheduling({ scheduler: { policy: 'SCHED_RR', priority: 4, nice: -3, flags } })).toMatchObject([
      { policy: 2, flags: 0x41, nice: -3, priority: 4 },
    ]);
  });

  test.each([
    [{ policy: 'SCHED_MAGIC' }, '/process/scheduler/policy'],
    [{ policy: 'toString' }, '/process/scheduler/policy'],
    [{ policy: 'SCHED_RR', flags: ['SCHED_FLAG_RECLAIM', 'X'] }, '/process/scheduler/flags/1'],
  ])('%j is an error', (scheduler, pointer) => {
    expect(pointerOf(() => scheduling({ scheduler }))).toBe(pointer);
  });
});

describe('the I/O priority', () => {
  test('is class and level in one number', () => {
    expect(scheduling({ ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 5 } })).toEqual([
      { op: 'set-io-priority', priority: 0x4005 },
    ]);
  });

  test.each([-1, 8, 1.5])('has no level %d', (priority) => {
    const ioPriority = { class: 'IOPRIO_CLASS_RT', priority } as const;
    expect(pointerOf(() => scheduling({ ioPriority }))).toBe('/process/ioPriority/priority');
  });

  test('has no other class', () => {
    const ioPriority = { class: 'IOPRIO_CLASS_NONE' as 'IOPRIO_CLASS_RT', priority: 0 };
    expect(pointerOf(() => scheduling({ ioPriority }))).toBe('/process/ioPriority/class');
  });
});

describe('the memory policy', () => {
  test('has its flags in the mode, and its nodes by number', () => {
    const memoryPolicy = { mode: 'MPOL_BIND', nodes: '3, 0-1,1', flags: ['MPOL_F_STATIC_NODES'] };
    expect(scheduling({}, { memoryPolicy })).toEqual([{ op: 'set-memory-policy', mode: 0x8002, nodes: [0, 1, 3] }]);
    expect(scheduling({}, { memoryPolicy: { mode: 'MPOL_DEFAULT' } })).toMatchObject([{ mode: 0, nodes: [] }]);
  });

  test.each([
    [{ mode: 'MPOL_X' }, '/linux/memoryPolicy/mode'],
    [{ mode: 'MPOL_BIND', flags: ['X'] }, '/linux/memoryPolicy/flags/0'],
  ])('%j is an error', (memoryPolicy, pointer) => {
    expect(pointerOf(() => scheduling({}, { memoryPolicy }))).toBe(pointer);
  });

  test.each(['x', '3-1', '1024', '0-', '-1', '1-2-3'])('%s is no list of nodes', (nodes) => {
    expect(pointerOf(() => scheduling({}, { memoryPolicy: { mode: 'MPOL_BIND', nodes } }))).toBe(
      '/linux/memoryPolicy/nodes',
    );
  });
});

test('the personality is one of two, without flags', () => {
  expect(compilePersonality({ ...linux, personality: { domain: 'LINUX32', flags: [] } })).toEqual([
    { op: 'set-personality', domain: 8 },
  ]);
  expect(compilePersonality({ ...linux, personality: { domain: 'LINUX' } })).toEqual([
    { op: 'set-personality', domain: 0 },
  ]);
  expect(pointerOf(() => compilePersonality({ ...linux, personality: { domain: 'BSD' } }))).toBe(
    '/linux/personality/domain',
  );
  expect(pointerOf(() => compilePersonality({ ...linux, personality: { domain: 'LINUX', flags: ['X'] } }))).toBe(
    '/linux/personality/flags',
  );
});

test('the CPUs of an entered process: on the way, and in the end', () => {
  const withCpus = (execCPUAffinity: NonNullable<Process['execCPUAffinity']>): Process => ({
    ...process,
    execCPUAffinity,
  });
  const both = withCpus({ initial: '0', final: '1-2' });
  expect(compileInitialAffinity(both)).toEqual([{ op: 'set-cpu-affinity', cpus: [0], initial: 1 }]);
  expect(compileFinalAffinity(both)).toEqual([{ op: 'set-cpu-affinity', cpus: [1, 2], initial: 0 }]);
  expect(compileFinalAffinity(withCpus({ initial: '0' }))).toEqual([{ op: 'set-cpu-affinity', cpus: [], initial: 0 }]);
  expect(compileInitialAffinity(withCpus({ final: '0' }))).toEqual([]);
  expect(pointerOf(() => compileFinalAffinity(withCpus({ final: 'all' })))).toBe('/process/execCPUAffinity/final');
  expect(pointerOf(() => compileInitialAffinity(withCpus({ initial: 'all' })))).toBe(
    '/process/execCPUAffinity/initial',
  );
});
