import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { type ExecFlags, addExecFlags, processOf } from '../../../src/oci/exec-flags.js';
import type { Process } from '../../../src/spec/types.js';
import { engineSpec } from '../../helpers/engine-spec.js';

const CONTAINER: Process = {
  ...engineSpec('true').process,
  cwd: '/srv',
  env: ['A=1'],
  terminal: true,
  consoleSize: { height: 1, width: 2 },
  user: { uid: 7, gid: 8, additionalGids: [9], umask: 0o022 },
  capabilities: { bounding: ['CAP_KILL'], effective: [], permitted: [], inheritable: ['CAP_CHOWN'], ambient: [] },
  noNewPrivileges: false,
};

function execOf(...words: readonly string[]): Process {
  const command = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .argument('[words...]');
  addExecFlags(command);
  command.parse(words, { from: 'user' });
  return processOf(CONTAINER, command.args, command.opts<ExecFlags>());
}

describe('the process of exec', () => {
  test('is as the container’s own where nothing is said, but for the terminal', () => {
    const { consoleSize: _, ...rest } = CONTAINER;
    expect(execOf('true')).toEqual({ ...rest, args: ['true'], terminal: false });
  });

  test('has what the flags say', () => {
    const words = ['--tty', '--cwd', '/x', '-e', 'B=2', '-e', 'C=3', '--no-new-privs', '-c', 'CAP_CHOWN'];
    const labels = ['--apparmor', 'profile', '--process-label', 'label'];
    expect(execOf(...words, ...labels, 'sh', 'x')).toMatchObject({
      args: ['sh', 'x'],
      terminal: true,
      cwd: '/x',
      env: ['A=1', 'B=2', 'C=3'],
      noNewPrivileges: true,
      apparmorProfile: 'profile',
      selinuxLabel: 'label',
      capabilities: {
        bounding: ['CAP_KILL', 'CAP_CHOWN'],
        effective: ['CAP_CHOWN'],
        permitted: ['CAP_CHOWN'],
        inheritable: ['CAP_CHOWN'],
        ambient: [],
      },
    });
  });

  test.each([
    [['-g', '5'], { uid: 7, gid: 8, additionalGids: [9, 5] }],
    [['-u', '1'], { uid: 1, gid: 8, additionalGids: [] }],
    [['-u', '1:2'], { uid: 1, gid: 2, additionalGids: [] }],
    [['-u', '0:0', '-g', '3', '-g', '4'], { uid: 0, gid: 0, additionalGids: [3, 4] }],
    [['-u', '4294967294'], { uid: 4_294_967_294, gid: 8, additionalGids: [] }],
  ])('%j makes the user %j', (words, user) => {
    expect(execOf(...words, 'true').user).toEqual({ ...user, umask: 0o022 });
  });

  test.each([
    [[], 'command: "" is not a command'],
    [['-u', '', 'x'], 'user: "" is not a number'],
    [['-u', 'root', 'x'], 'user: "root" is not a number'],
    [['-u', '1:', 'x'], 'user: "" is not a number'],
    [['-u', '1:2:3', 'x'], 'user: "1:2:3" is not of the form UID or UID:GID'],
    [['-u', '4294967295', 'x'], 'user: "4294967295" is not a number'],
    [['-g', '-1', 'x'], 'additional-gids: "-1" is not a number'],
    [['-c', 'KILL', 'x'], 'cap: "KILL" is not a capability such as CAP_KILL'],
    [['-e', '=x', 'x'], 'env: "=x" is not a variable of the form KEY=value'],
  ])('%j is refused', (words, message) => {
    expect(() => execOf(...words)).toThrow(message);
  });
});
