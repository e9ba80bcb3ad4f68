import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { LaunchError } from '../../../src/errors/launch-error.js';
import { toRuncWords } from '../../../src/oci/runc-words.js';

const { errno } = constants;
const START = 'exec failed: unable to start container process: ';

test.each([
  ['find-executable', 'find executable foo', errno.ENOENT, `${START}exec: "foo": executable file not found in $PATH`],
  ['find-executable', 'find executable foo', errno.EACCES, `${START}exec: "foo": executable file not found in $PATH`],
  ['find-executable', 'find executable /x', errno.EACCES, `${START}exec: "/x": permission denied`],
  ['find-executable', 'find executable /x', errno.ENOENT, `${START}exec: "/x": stat /x: no such file or directory`],
  ['find-executable', 'find executable /x/y', errno.ENOTDIR, `${START}exec: "/x/y": stat /x/y: not a directory`],
  [
    'set-working-directory',
    'change directory to /w, where it was closed before',
    errno.EACCES,
    'chdir to cwd ("/w") set in config.json failed: permission denied',
  ],
  [
    'set-working-directory',
    'change directory to /proc/self/fd/7',
    errno.EXDEV,
    'current working directory is outside of container mount namespace root -- possible container breakout detected',
  ],
  ['mount', 'mount proc on /proc', errno.EPERM, 'mount proc on /proc: EPERM (operation not permitted)'],
])('%s: %s with errno %i', (op, action, number, words) => {
  expect(toRuncWords(new LaunchError({ action, errno: number, stepIndex: 3, op }), 'exec')).toBe(words);
});

test('what cannot be started says which verb has failed', () => {
  const error = new LaunchError({
    action: 'find executable foo',
    errno: errno.ENOENT,
    stepIndex: 3,
    op: 'find-executable',
  });
  expect(toRuncWords(error, 'create')).toBe(
    'create failed: unable to start container process: exec: "foo": executable file not found in $PATH',
  );
});
