import { expect, it } from 'vitest';
import { checkRules, dropVoid, permitsAll, withDefaults } from '../../../../src/cgroup/devices/rules.js';

it.each([
  [[], false],
  [[{ allow: true }], true],
  [[{ allow: false }, { allow: true }], true],
  [[{ allow: true }, { allow: false }], false],
  [[{ allow: true }, { allow: false, type: 'c' as const, major: 1 }], false],
  [[{ allow: true, access: 'rw' }], false],
  [[{ allow: true, type: 'c' as const }], false],
])('%j permits all: %s', (rules, expected) => {
  expect(permitsAll(checkRules(rules))).toBe(expected);
});

it('drops what a later rule makes void', () => {
  const rules = checkRules([{ allow: true, type: 'c' }, { allow: false }, { allow: true, type: 'b', major: 8 }]);
  expect(dropVoid(rules)).toEqual(rules.slice(1));
  expect(dropVoid(rules.slice(2))).toEqual(rules.slice(2));
});

it('adds what every container needs after what is asked for', () => {
  const rules = withDefaults([{ allow: false }]);
  expect(rules[0]).toEqual({ allow: false });
  expect(rules).toContainEqual({ allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' });
});
