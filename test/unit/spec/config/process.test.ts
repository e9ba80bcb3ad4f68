import { describe, expect, test } from 'vitest';
import { parseConfig, parseProcess, parseResources } from '../../../../src/spec/config/config.js';
import { formatJson, minimalConfig, readFixture } from '../../../helpers/configs.js';

const container = parseConfig(
  formatJson(
    minimalConfig({
      process: {
        args: ['sh'],
        cwd: '/',
        terminal: true,
        noNewPrivileges: true,
        user: { uid: 5, gid: 5, umask: 0o077 },
        capabilities: { bounding: ['CAP_KILL'] },
        rlimits: [{ type: 'RLIMIT_CORE', soft: 0, hard: 0 }],
        apparmorProfile: 'profile',
        ioPriority: { class: 'IOPRIO_CLASS_IDLE', priority: 0 },
      },
    }),
  ),
  '/',
).spec.process;

const read = (json: unknown): ReturnType<typeof parseProcess> => parseProcess(formatJson(json), container);

describe('the process of an exec', () => {
  test('is like the container’s own in what it does not say', () => {
    expect(read({ args: ['ls'], cwd: '/tmp' }).process).toEqual({
      args: ['ls'],
      cwd: '/tmp',
      env: [],
      user: { uid: 0, gid: 0, additionalGids: [], umask: 0o077 },
      capabilities: container.capabilities,
      rlimits: container.rlimits,
      noNewPrivileges: false,
      apparmorProfile: 'profile',
      ioPriority: container.ioPriority,
    });
  });

  test('and as it is said in what is', () => {
    const given = {
      args: ['ls'],
      cwd: '/tmp',
      terminal: true,
      env: ['A=b'],
      user: { uid: 1, gid: 2, additionalGids: [3], umask: 0 },
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
      rlimits: [{ type: 'RLIMIT_AS', soft: 1, hard: 2 }],
      noNewPrivileges: true,
      apparmorProfile: 'other',
      ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 1 },
      execCPUAffinity: { initial: '0' },
    };
    expect(read(given).process).toEqual(given);
  });

  test('as docker writes it', () => {
    const { process, warnings } = parseProcess(readFixture('docker-exec.process.json'), container);
    expect(warnings).toEqual([]);
    expect(process.args).toEqual(['sh', '-c', 'true']);
    expect(process.user.umask).toBe(0o077);
    expect(process.capabilities.bounding).toHaveLength(14);
    expect(process.capabilities.ambient).toEqual([]);
  });

  test('has its own pointers and warnings', () => {
    expect(() => read({ args: ['ls'] })).toThrow('/cwd: undefined is not an absolute path');
    expect(() => read([])).toThrow('JSON: [] is not an object');
    expect(read({ args: ['ls'], cwd: '/', capabilities: { ambient: ['X'] } }).warnings).toEqual([
      '/capabilities/ambient: "X" is no capability of Linux, and is left out',
    ]);
  });
});

describe('the resources of an update', () => {
  test('as docker writes them: zeros ask for nothing', () => {
    expect(parseResources(readFixture('docker-exec.resources.json'))).toEqual({
      memory: { limit: 134217728, swap: 268435456 },
      cpu: {},
      blockIO: {},
    });
  });

  test('have their own pointers', () => {
    expect(() => parseResources('{"memory":{"limit":"1G"}}')).toThrow('/memory/limit: "1G" is not a whole number');
  });
});
