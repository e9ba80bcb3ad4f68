import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { LaunchError } from '../../../src/errors/launch-error.js';
import { OptionError } from '../../../src/errors/option-error.js';
import { AlreadyExistsError, NotFoundError, StateError } from '../../../src/errors/state-errors.js';
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

test.each([
  ['start', 'running', 'cannot start an already running container'],
  ['start', 'stopped', 'cannot start a container that has stopped'],
  ['start', 'paused', 'cannot start a container in the paused state'],
  ['exec in', 'stopped', 'cannot exec in a stopped container'],
  ['exec in', 'paused', 'cannot exec in a paused container (use --ignore-paused to override)'],
  ['exec in', 'being created', 'cannot exec in "box": container is being created'],
  ['delete', 'running', 'cannot delete container box that is not stopped: running'],
  ['resume', 'running', 'container not paused'],
  ['pause', 'paused', 'container not running'],
  ['kill', 'stopped', 'container not running'],
  ['update', 'stopped', 'container not running'],
  ['update', 'creating', 'cannot update "box": container is creating'],
])('%s of a container that is %s', (action, status, words) => {
  expect(toRuncWords(new StateError(action, 'box', status), 'exec')).toBe(words);
});

test('what everybody knows needs no hint', () => {
  const hint = 'choose another name';
  expect(toRuncWords(new AlreadyExistsError('box', { hint }), 'exec')).toBe('container with given ID already exists');
  expect(toRuncWords(new NotFoundError('box', { hint }), 'exec')).toBe('container does not exist');
});

test('anything else is said as it is, with its hint', () => {
  expect(toRuncWords(new OptionError('user', 'x', 'a number', { hint: 'ask' }), 'exec')).toBe(
    'user: "x" is not a number (hint: ask)',
  );
  expect(toRuncWords(new OptionError('user', 'x', 'a number'), 'exec')).toBe('user: "x" is not a number');
  expect(toRuncWords(new Error('disk full'), 'exec')).toBe('disk full');
  expect(toRuncWords('thrown', 'exec')).toBe('thrown');
});
