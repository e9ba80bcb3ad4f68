import { expect, it } from 'vitest';
import { locateUnit } from '../../../../src/cgroup/systemd/unit.js';

it.each([
  ['machine.slice:libpod:1f', 'machine.slice', 'libpod-1f.scope', '/machine.slice/libpod-1f.scope'],
  ['a-b.slice:crio:1', 'a-b.slice', 'crio-1.scope', '/a.slice/a-b.slice/crio-1.scope'],
  [':docker:1', 'system.slice', 'docker-1.scope', '/system.slice/docker-1.scope'],
  ['-.slice:x:1', '-.slice', 'x-1.scope', '/x-1.scope'],
  ['a.slice::1', 'a.slice', '1.scope', '/a.slice/1.scope'],
  ['a.slice:x:a-b.slice', 'a.slice', 'a-b.slice', '/a.slice/a-b.slice'],
  [undefined, 'system.slice', 'corral-web.scope', '/system.slice/corral-web.scope'],
  ['', 'system.slice', 'corral-web.scope', '/system.slice/corral-web.scope'],
])('%j is a unit in %s', (cgroupsPath, slice, unit, path) => {
  expect(locateUnit({ cgroupsPath, id: 'web', manager: 'system' })).toEqual({ unit, slice, path });
});

it('is in the user’s slice where the user’s manager is asked', () => {
  expect(locateUnit({ id: 'web', manager: 'user' }).path).toBe('/user.slice/corral-web.scope');
});

it.each([
  '/k/pod',
  'a.slice:b',
  'a:b:c:d',
  'a:b:c',
  'a.slice:b:',
  'a.slice:b:../../c',
  'a.slice:b:c d',
  '../a.slice:b:c',
  `a.slice:b:${'c'.repeat(300)}`,
])('%j is none', (cgroupsPath) => {
  expect(() => locateUnit({ cgroupsPath, id: 'web', manager: 'system' })).toThrow(
    /^\/linux\/cgroupsPath: .* is not of the form "slice:prefix:name"/,
  );
});
