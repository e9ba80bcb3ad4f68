import { describe, expect, it } from 'vitest';
import { selectField } from '../../../src/cli/field.js';

const CONTAINER = {
  id: 'web',
  pid: undefined,
  command: ['sleep', '1'],
  cgroup: { v2: { path: '/sys' }, v1: [] },
  annotations: { 'dev.corral': 'short', 'dev.corral.init': 'true', dev: { corral: 'nested' } },
};

describe('a field', () => {
  it.each([
    ['id', 'web'],
    ['command', ['sleep', '1']],
    ['command.1', '1'],
    ['cgroup.v2.path', '/sys'],
    ['cgroup.v1', []],
    ['annotations.dev.corral.init', 'true'],
    ['annotations.dev.corral', 'short'],
    ['annotations.dev', { corral: 'nested' }],
    ['', CONTAINER],
  ])('%j is there', (path, value) => {
    expect(selectField(CONTAINER, path)).toEqual(value);
  });

  it.each([
    ['comand', 'container "web" has no field comand', 'did you mean command?'],
    ['pid', 'container "web" has no field pid', 'did you mean id?'],
    ['cgroup.v3.path', 'container "web" has no field cgroup.v3', 'did you mean cgroup.v2?'],
    ['cgroup.other', 'container "web" has no field cgroup.other', 'there is v2, v1'],
    ['id.length', 'container "web" has no field id.length', 'nothing is below it'],
    ['command.length', 'container "web" has no field command.length', 'there is 0, 1'],
    ['constructor', 'container "web" has no field constructor', 'there is id, command, cgroup, annotations'],
    ['..', 'container "web" has no field ', 'there is id, command, cgroup, annotations'],
  ])('%j is not', (path, message, hint) => {
    expect(() => selectField(CONTAINER, path)).toThrow(expect.objectContaining({ message, hint, code: 'ERR_FIELD' }));
  });
});
