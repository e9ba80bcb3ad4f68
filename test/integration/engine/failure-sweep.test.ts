import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Act } from '../../../src/cgroup/types.js';
import { Prepared } from '../../../src/container/prepare.js';
import { LaunchError } from '../../../src/errors/launch-error.js';
import { describeStep } from '../../../src/plan/describe.js';
import type { Spec } from '../../../src/spec/types.js';
import {
  DEV,
  DEVPTS,
  ENGINE_STEPS,
  type EngineWish,
  PROC,
  SYS,
  bindOf,
  engineSpec,
  mountOf,
  runEngineSpec,
} from '../../helpers/engine.js';
import { makeLab } from '../../helpers/lab.js';
import { findLeaks, takeSnapshot } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const EIO = constants.errno.EIO;

/** Engine's specs that together have every step of their own. */
const ENGINE_WISHES: Readonly<Record<string, () => EngineWish>> = {
  'mounts of all kinds': () => {
    const directory = lab.directory();
    const ids = [{ containerID: 0, hostID: 1000, size: 1 }];
    return {
      readonly: true,
      hooks: {
        createRuntime: [{ path: '/bin/true' }],
        createContainer: [{ path: '/bin/true', timeout: 10 }],
        startContainer: [{ path: '/bin/true' }],
      },
      mounts: [
        PROC,
        DEV,
        DEVPTS,
        SYS,
        mountOf('/sys/fs/cgroup', 'cgroup', ['ro']),
        mountOf('/scratch', 'tmpfs', ['tmpcopyup', 'ro']),
        mountOf('/scratch', 'tmpfs', ['remount', 'size=64k']),
        bindOf(directory, '/data', ['rbind', 'rro', 'noatime', 'rshared']),
        { ...bindOf(directory, '/mapped', ['bind', 'idmap']), uidMappings: ids, gidMappings: ids },
      ],
      linux: {
        rootfsPropagation: 'shared',
        maskedPaths: ['/proc/kcore', '/sys/firmware'],
        readonlyPaths: ['/proc/sys'],
        devices: [{ type: 'p', path: '/dev/pipe' }],
      },
    };
  },
  'the mounts of the caller': () => ({ rootfs: '/usr', mounts: [], namespaces: ['pid'] }),
};

function engineSpecOf(wish: EngineWish): Spec {
  const spec = engineSpec(lab, { ...wish, script: 'sleep 1000' });
  return wish.rootfs === '/usr' ? { ...spec, mounts: [] } : spec;
}

/** Fails instead of the action, or once it is done; an action that takes time fails as it does, by its promise. */
function fail<T>(when: 'before' | 'after', failure: Error, run: () => T): T {
  if (when === 'before') throw failure;
  const result = run();
  if (!(result instanceof Promise)) throw failure;
  return result.then(() => {
    throw failure;
  }) as T;
}

describe.each(Object.entries(ENGINE_WISHES))('with an engine’s spec with %s', (_name, wish) => {
  it('a failure of any step is named, and leaves nothing', async (context) => {
    requires(context, { root: true, cgroup: true, idmap: true });
    const spec = engineSpecOf(wish());
    const { steps } = new Prepared('engine', spec).plan;
    const before = takeSnapshot(lab);
    // Of what comes after, whoever starts the container is told.
    const upToStart = steps.slice(0, steps.findIndex(({ op }) => op === 'await-start') + 1);
    for (const [index, step] of upToStart.entries()) {
      const error = await runEngineSpec(lab, spec, { step: { step: index, errno: EIO } }).catch(
        (reason: unknown) => reason,
      );
      if (step.op === 'run-hook') {
        expect(error, describeStep(step)).toMatchObject({ name: 'HookError', path: step.path });
      } else {
        expect(error, describeStep(step)).toBeInstanceOf(LaunchError);
        expect(error).toMatchObject({ stepIndex: index, message: `${describeStep(step)}: EIO (i/o error)` });
      }
      expect(await findLeaks(before, lab), `after ${describeStep(step)}`).toEqual([]);
    }
  });

  it('a failure of any action of the parent leaves nothing', async (context) => {
    requires(context, { root: true, cgroup: true, idmap: true });
    const spec = engineSpecOf(wish());
    const before = takeSnapshot(lab);
    const actions: string[] = [];
    const stopped = new Error('at the last step');
    const listed: Act = (what, run) => {
      actions.push(what);
      if (what === 'send plan') throw stopped;
      return run();
    };
    await expect(runEngineSpec(lab, spec, { act: listed })).rejects.toBe(stopped);
    for (const [index, what] of actions.entries()) {
      for (const when of ['before', 'after'] as const) {
        const failure = new Error(`${when} ${what}`);
        let count = 0;
        const act: Act = (_what, run) => (count++ === index ? fail(when, failure, run) : run());
        await expect(runEngineSpec(lab, spec, { act })).rejects.toBe(failure);
        expect(await findLeaks(before, lab), `${when} ${what}`).toEqual([]);
      }
    }
    expect(actions).toContain('send plan');
  });
});

it('the plans of the sweep have every step of their own', (context) => {
  requires(context, { root: true });
  const specs = Object.values(ENGINE_WISHES).map((wish) => engineSpecOf(wish()));
  const seen = new Set(specs.flatMap((spec) => new Prepared('engine', spec).plan.steps.map(({ op }) => op)));
  expect(ENGINE_STEPS.filter((name) => !seen.has(name))).toEqual([]);
  expect(ENGINE_STEPS.length).toBeGreaterThan(7);
});
