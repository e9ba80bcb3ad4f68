import { expect, it } from 'vitest';
import { fieldOf, linesOf } from '../../../src/util/proc-fields.js';

// The kernel leaves all of these as they are in the name that a process gives itself: prctl(2), PR_SET_NAME.
it.each(['\r', '\u2028', '\u2029', '\v', '\f', '\u0085'])('only a newline ends a line, and not %j', (end) => {
  const text = `Name:\tx${end}Uid:\t0${end}Seccomp:0\nUid:\t1\t2\nSeccomp:\t2\nGroups:\t\n`;
  expect(fieldOf(text, 'Uid')).toBe('1\t2');
  expect(fieldOf(text, 'Seccomp')).toBe('2');
  expect(fieldOf(text, 'Groups')).toBe('');
  expect(fieldOf(text, 'Gid')).toBeUndefined();
  expect(linesOf(`0::/a${end}b\n`)).toEqual([`0::/a${end}b`, '']);
});
