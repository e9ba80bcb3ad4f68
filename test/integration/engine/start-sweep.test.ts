import { constants } from 'node:os';
import { afterEach, expect, it } from 'vitest';
import { createEngineContainer } from '../../../src/container/engine/create.js';
import { deleteEngineContainer } from '../../../src/container/engine/end.js';
import { startEngineContainer } from '../../../src/container/engine/start.js';
import { readEngineState } from '../../../src/container/engine/status.js';
import { Prepared } from '../../../src/container/prepare.js';
import { Store } from '../../../src/container/store.js';
import { LaunchError } from '../../../src/errors/launch-error.js';
import { describeStep } from '../../../src/plan/describe.js';
import { checkContainerId } from '../../../src/spec/parse/name.js';
import type { Spec } from '../../../src/spec/types.js';
import { engineSpec } from '../../helpers/engine.js';
import { makeLab } from '../../helpers/lab.js';
import { findLeaks, takeSnapshot } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();
const store = new Store(lab.stateDir, checkContainerId);

const EIO = constants.errno.EIO;
const ID = 'sweep';
const warn = (text: string): void => {
  throw new Error(`a warning: ${text}`);
};

afterEach(async () => {
  for (const { id } of store.list()) await deleteEngineContainer(store, id, { force: true });
});

/** @param nnp - a filter is loaded last with it, and early without */
const specOf = (nnp: boolean): Spec =>
  engineSpec(lab, {
    script: 'sleep 1000',
    hooks: { startContainer: [{ path: '/bin/true' }, { path: '/bin/true', timeout: 10 }] },
    linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
    process: { noNewPrivileges: nnp },
  });

it.for([true, false])(
  'with noNewPrivileges %s, a failure of any step behind the start is told to who has started, and leaves nothing',
  async (nnp, context) => {
    requires(context, { root: true, cgroup: true });
    const spec = specOf(nnp);
    const { steps } = new Prepared(ID, spec).plan;
    const first = steps.findIndex(({ op }) => op === 'await-start');
    const after = [...steps.entries()].slice(first + 1);
    expect(after.map(([, { op }]) => op)).toEqual(['run-hook', 'run-hook', ...(nnp ? ['set-seccomp'] : []), 'exec']);
    const before = takeSnapshot(lab);
    for (const [index, step] of after) {
      // What is known of a filter once its container is created.
      const words = describeStep(step.op === 'set-seccomp' ? { ...step, program: new Uint8Array() } : step);
      const faults = { step: { step: index, errno: EIO } };
      const { pidfd } = await createEngineContainer(store, ID, spec, { faults, warn });
      expect(readEngineState(store, store.get(ID)).status, words).toBe('created');
      const error = await startEngineContainer(store, ID, warn).catch((reason: unknown) => reason);
      await pidfd.wait();
      pidfd.close();
      if (step.op === 'run-hook') {
        expect(error, words).toMatchObject({ name: 'HookError', path: step.path });
        expect(store.list(), words).toEqual([]);
      } else {
        expect((error as LaunchError).message, words).toBe(`${words}: EIO (i/o error)`);
        expect(readEngineState(store, store.get(ID)).status, words).toBe('stopped');
        await deleteEngineContainer(store, ID, { force: false });
      }
      expect(await findLeaks(before, lab), `after ${words}`).toEqual([]);
    }
  },
);

it('a failure of any step before the start is thrown by the creation, and leaves no container', async (context) => {
  requires(context, { root: true, cgroup: true });
  const spec = specOf(true);
  const { steps } = new Prepared(ID, spec).plan;
  const before = takeSnapshot(lab);
  for (const [index, step] of steps.slice(0, steps.findIndex(({ op }) => op === 'await-start') + 1).entries()) {
    const faults = { step: { step: index, errno: EIO } };
    const error = await createEngineContainer(store, ID, spec, { faults, warn }).catch((reason: unknown) => reason);
    expect(error, describeStep(step)).toBeInstanceOf(LaunchError);
    expect(store.list()).toEqual([]);
    expect(await findLeaks(before, lab), `after ${describeStep(step)}`).toEqual([]);
  }
});
