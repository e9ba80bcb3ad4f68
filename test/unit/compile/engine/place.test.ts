import { describe, expect, test } from 'vitest';
import { PLACE, cleanPath, placeRules } from '../../../../src/compile/engine/place.js';
import { PROC, bindOf, mountOf } from '../../../helpers/engine-plan.js';

describe('where a mount may go', () => {
  test.each([
    ['/data', '/data'],
    ['//a/./b/../c/', '/a/c'],
    ['/../..', '/'],
    ['/', '/'],
  ])('%s is %s', (path, clean) => {
    expect(cleanPath(path)).toBe(clean);
  });

  test.each([
    [PROC, false, PLACE.CREATE | PLACE.PLAIN | PLACE.MUST_BE_PROC],
    [bindOf('/proc', '/proc/'), true, PLACE.CREATE | PLACE.PLAIN | PLACE.MUST_BE_PROC],
    [bindOf('/x', '/proc/uptime'), true, PLACE.CREATE | PLACE.IN_PROC],
    [mountOf('/sys', 'sysfs'), false, PLACE.CREATE | PLACE.PLAIN],
    [mountOf('/elsewhere', 'proc'), false, PLACE.CREATE | PLACE.PLAIN],
    [bindOf('/sys', '/sys'), true, PLACE.CREATE],
    [mountOf('/process', 'tmpfs'), false, PLACE.CREATE],
  ])('%j', (one, isBind, rules) => {
    expect(placeRules(one, 0, isBind)).toBe(rules);
  });

  test.each([
    [mountOf('data', 'tmpfs'), '/mounts/7/destination'],
    [mountOf('/a/..', 'tmpfs'), '/mounts/7/destination'],
    [mountOf('/proc', 'tmpfs'), '/mounts/7/type'],
    [mountOf('/proc/sys/fs/binfmt_misc', 'binfmt_misc'), '/mounts/7/destination'],
  ])('%j is refused', (one, pointer) => {
    expect(() => placeRules(one, 7, false)).toThrow(expect.objectContaining({ pointer, code: 'ERR_CONFIG' }));
  });
});
