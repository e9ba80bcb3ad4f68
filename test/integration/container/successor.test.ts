import { expect, it } from 'vitest';
import { launchProcess, type Place, type ProcessPlan } from '../../../src/container/launch.js';
import { Store } from '../../../src/container/store.js';
import { Pidfd } from '../../../src/native/pidfd.js';
import { CLONE } from '../../../src/util/linux.js';
import { UndoStack } from '../../../src/util/undo.js';
import { makeLab } from '../../helpers/lab.js';
import { listChildren } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const RLIMIT_NOFILE = 7;

/** Goes on in the pid namespace of `container`, with so few descriptors that it may not be able to tell its pid. */
function enterPlan(descriptors: number): ProcessPlan {
  return {
    clone: { flags: [] },
    content: () => ({
      fds: [
        { slot: 'report', kind: 'report' },
        { slot: 'container', kind: 'pidfd' },
      ],
      steps: [
        { op: 'join-namespaces', namespaces: 'container', flags: CLONE.CLONE_NEWPID },
        { op: 'set-rlimit', resource: RLIMIT_NOFILE, soft: descriptors, hard: 1024 },
        { op: 'enter-pid-namespace' },
        { op: 'exec', argv: ['/bin/sleep', '1000'], environment: [] },
      ],
    }),
  };
}

it('who goes on in a pid namespace is ended with the launch, also where its pid has never arrived', async (context) => {
  requires(context, { root: true });
  await using container = await lab.spawn(['sleep', '1000']);
  const { init } = new Store(lab.stateDir).get(container.id);
  using pidfd = Pidfd.open(init?.pid ?? 0);
  const place: Place = { join: () => undefined };
  const fds = new Map([['container', pidfd.fd]]);
  const before = listChildren(process.pid).map(({ pid }) => pid);
  const messages = new Set<string>();
  for (let descriptors = 3; descriptors < 16; ++descriptors) {
    const undo = new UndoStack();
    const streams = { stdin: 0, stdout: 1, stderr: 2 };
    const launched = launchProcess(enterPlan(descriptors), { undo, streams, fds }, place);
    messages.add(
      await launched.then(
        () => 'started',
        (error: unknown) => (error as Error).message,
      ),
    );
    expect(await undo.unwind()).toEqual([]);
    expect(listChildren(process.pid).map(({ pid }) => pid)).toEqual(before);
  }
  expect([...messages]).toEqual([
    'enter the pid namespace: EMFILE (too many open files)',
    'receive pidfd: EMFILE (too many open files)',
    'started',
  ]);
});
