import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import { compileExec } from '../../../src/compile/exec.js';
import type { HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import { encodePlan } from '../../../src/plan/encode.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { hostFacts, plainFacts, specOf } from '../../helpers/facts.js';

function exec(options: ContainerOptions = {}, facts: HostFacts = hostFacts(), alone = false) {
  const spec = specOf(options);
  const { idMaps } = compile('web', spec, facts);
  return compileExec(spec, { ...spec.process, args: ['ls'], cwd: '/' }, { facts, idMaps, alone });
}

const lines = (...args: Parameters<typeof exec>): readonly string[] => exec(...args).steps.map(describeStep);

test('an exec joins all namespaces, enters the pid namespace, and then is like a first process', () => {
  expect(lines()).toEqual([
    'join mount, cgroup, uts, ipc, user, pid, net namespaces',
    'enter the pid namespace',
    'set user 0:0',
    'set umask 0022',
    'start a session',
    'set stdin, stdout and stderr',
    'change directory to /',
    'find executable ls',
    expect.stringMatching(/^set bounding capabilities/),
    'set user 0:0',
    expect.stringMatching(/^set capabilities/),
    'set no_new_privs',
    'set parent-death signal SIGKILL',
    'close descriptors from 3 on',
    expect.stringMatching(/^load the seccomp filter .*default profile/),
    'exec ls',
  ]);
});

test('its plan makes no namespace, and gets the container’s pidfd', () => {
  const { clone, fds, steps } = exec();
  expect(clone.flags).toEqual([]);
  expect(fds.map(({ slot }) => slot)).toEqual(['report', 'stdin', 'stdout', 'stderr', 'container']);
  expect(() => encodePlan({ fds: fds.map(({ slot }) => slot), steps })).not.toThrow();
});

test('never stays as init: the container has one', () => {
  expect(lines({ init: true })).not.toContain('stay as init');
});

test('has an init of its own, which kills its children, where it has no cgroup', () => {
  for (const terminal of [false, true]) {
    const steps = lines({ terminal }, hostFacts(), true);
    const middle = steps.slice(steps.indexOf('find executable ls') + 1, steps.indexOf('set no_new_privs'));
    expect(middle).toEqual([
      'keep the list of its children',
      'set parent-death signal SIG64',
      'stay as init',
      'start a session',
      ...(terminal ? ['open terminal', 'set stdin, stdout and stderr'] : []),
      expect.stringMatching(/^set bounding capabilities/),
      'set user 0:0',
      expect.stringMatching(/^set capabilities/),
    ]);
  }
});

test('dies with that init, which ends no namespace with it', () => {
  expect(lines({}, hostFacts(), true).slice(-4)).toEqual([
    'set parent-death signal SIGKILL',
    'close descriptors from 3 on',
    expect.stringMatching(/^load the seccomp filter/),
    'exec ls',
  ]);
});

describe('what the container shares with the host, an exec does not join', () => {
  test('the pid namespace', () => {
    expect(lines({ pid: 'host' })).not.toContain('enter the pid namespace');
    expect(lines({ pid: 'host' })[0]).not.toContain('pid');
  });

  test('the user namespace, and with it the change to its root', () => {
    const [first, second, third] = lines({ userns: 'host' });
    expect(first).toBe('join mount, cgroup, uts, ipc, pid, net namespaces');
    expect([second, third]).toEqual(['enter the pid namespace', 'set umask 0022']);
  });

  test('nor a user namespace that the host has refused: one’s own cannot be joined', () => {
    const { userns } = hostFacts();
    const [first] = lines({}, hostFacts({ userns: { ...userns, refused: 'no' } }));
    expect(first).not.toContain('user');
  });

  test('nothing at all with isolation cgroup', () => {
    const { fds, steps } = exec({ isolation: 'cgroup' });
    expect(fds.map(({ kind }) => kind)).not.toContain('pidfd');
    expect(steps.map(({ op }) => op)).not.toContain('join-namespaces');
  });
});

test('setgroups is left alone where the container’s map denies it', () => {
  const users = exec({}, plainFacts()).steps.filter(({ op }) => op === 'set-user');
  expect(users).toMatchObject([{ setgroups: 0 }, { setgroups: 0 }]);
});

test('dies with its caller, also in a container that outlives its own', () => {
  expect(lines({ dieWithParent: false })).toContain('set parent-death signal SIGKILL');
});
