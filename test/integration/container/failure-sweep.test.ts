import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import type { Act } from '../../../src/cgroup/types.js';
import { compileExec } from '../../../src/compile/exec.js';
import { startExec } from '../../../src/container/exec.js';
import type { State } from '../../../src/container/state.js';
import { Store } from '../../../src/container/store.js';
import { readHostFacts } from '../../../src/host/read-facts.js';
import { Pidfd } from '../../../src/native/pidfd.js';
import { removeParents } from '../../../src/container/leaving.js';
import { prepare } from '../../../src/container/prepare.js';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { LaunchError, LaunchKilledError } from '../../../src/errors/launch-error.js';
import { describeStep } from '../../../src/plan/describe.js';
import { STEPS, type StepName } from '../../../src/plan/steps.js';
import { makeLab } from '../../helpers/lab.js';
import { ENGINE_STEPS, PROCESS_STEPS } from '../../helpers/engine.js';
import { type Snapshot, findLeaks, listChildren, takeSnapshot } from '../../helpers/leaks.js';
import { hasController, requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();

const EIO = constants.errno.EIO;

/** Limits of every controller that this host has. */
const LIMITS: SpawnOptions = {
  ...(hasController('memory') ? { memory: '256M', memoryReservation: '64M' } : {}),
  ...(hasController('cpu') ? { cpus: 1.5, cpuShares: 512 } : {}),
  ...(hasController('pids') ? { pids: 100 } : {}),
  ...(hasController('cpuset') ? { cpusetCpus: '0' } : {}),
};

const COMMAND = ['sh', '-c', 'sleep 1000'];

/** Plans that together have every step that a launch can have. */
const VARIANTS: Readonly<Record<string, () => SpawnOptions>> = {
  'everything that can be asked for': () => ({
    ...LIMITS,
    volumes: [`${lab.directory()}:/mnt/data`, `${lab.directory()}:/mnt/fixed:ro`],
    tmpfs: ['/mnt/scratch:size=1m'],
    expose: ['/etc/passwd'],
    hostname: 'sweep',
    sysctl: { 'net.ipv4.ip_forward': '1' },
    ulimits: ['nofile=512:512'],
    oomScoreAdj: 500,
    umask: 0o077,
    readOnly: true,
    user: '0:0',
  }),
  'a terminal': () => ({ ...LIMITS, terminal: true }),
  'no init, the namespaces of the host': () => ({
    ...LIMITS,
    init: false,
    net: 'host',
    pid: 'host',
    ipc: 'host',
    uts: 'host',
    cgroupns: 'host',
  }),
  'the isolation of the cgroup alone': () => ({ ...LIMITS, isolation: 'cgroup', noNewPrivileges: true }),
  'the isolation of the cgroup alone, and a terminal': () => ({ isolation: 'cgroup', terminal: true }),
};

describe.each(Object.entries(VARIANTS))('with %s', (_name, options) => {
  it('a failure of any step is named, and leaves nothing', async (context) => {
    requires(context, { cgroup: true });
    const chosen = options();
    const { steps } = prepare(COMMAND, { ...chosen, name: 'sweep', cgroupParent: lab.cgroupParent }).plan;
    const before = takeSnapshot(lab);
    for (const [index, step] of steps.entries()) {
      const failing = { ...chosen, name: 'sweep', cgroupParent: lab.cgroupParent };
      const error = await lab
        .spawn(COMMAND, failing, { step: { step: index, errno: EIO } })
        .catch((reason: unknown) => reason);
      expect(error, `step ${String(index)}`).toBeInstanceOf(LaunchError);
      expect(error).toMatchObject({ stepIndex: index, op: step.op, errno: EIO, code: 'EIO' });
      expect((error as LaunchError).message).toBe(`${describeStep(step)}: EIO (i/o error)`);
      expect(await findLeaks(before, lab), `after ${describeStep(step)}`).toEqual([]);
    }
    expect(steps.length).toBeGreaterThan(5);
  });

  it(
    'a failure of any action of the parent is thrown as it is, and leaves nothing',
    { timeout: 120_000 * TIME_SCALE },
    async (context) => {
      requires(context, { cgroup: true });
      const chosen = options();
      let launches = 0;
      // Each below a parent of its own, so that making that is swept, too.
      const spawnWith = async (act: Act): Promise<unknown> => {
        const cgroupParent = `${lab.cgroupParent}/${String(launches++)}`;
        try {
          const container = await lab.spawn(COMMAND, { ...chosen, name: 'sweep', cgroupParent }, { act });
          await container.kill();
          removeParents();
          return undefined;
        } catch (error) {
          return error;
        }
      };
      // Once before: the first launch of a process makes what all others use.
      await spawnWith((_what, run) => run());
      const before = takeSnapshot(lab);
      const actions: string[] = [];
      await spawnWith((what, run) => {
        actions.push(what);
        return run();
      });
      for (const [index, what] of actions.entries()) {
        for (const when of ['before', 'after'] as const) {
          const failure = new Error(`${when} ${what}`);
          let count = 0;
          const act: Act = (_what, run) => (count++ === index ? fail(when, failure, run) : run());
          const outcome = await spawnWith(act);
          // What is in place already need not be made: the list may be shorter than that of the first time.
          expect(outcome, `${when} ${what}`).toBe(count > index ? failure : undefined);
          expect(await findLeaks(before, lab), `${when} ${what}`).toEqual([]);
        }
      }
      expect(actions).toEqual(expect.arrayContaining(['make state file', 'clone corral-init', 'send plan']));
    },
  );

  it('a SIGKILL of corral-init before its plan is reported, and leaves nothing', async (context) => {
    requires(context, { cgroup: true });
    const before = takeSnapshot(lab);
    const act: Act = (what, run) => {
      if (what === 'send plan') killNewChildren(before);
      return run();
    };
    const error = await lab.spawn(COMMAND, options(), { act }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(/^(EPIPE|ERR_LAUNCH_KILLED)$/) as string });
    expect(await findLeaks(before, lab)).toEqual([]);
  });
});

/** Fails instead of the action, or once it is done; an action that takes time fails as it does, by its promise. */
function fail<T>(when: 'before' | 'after', failure: Error, run: () => T): T {
  if (when === 'before') throw failure;
  const result = run();
  if (!(result instanceof Promise)) throw failure;
  return result.then(() => {
    throw failure;
  }) as T;
}

/** Kills the children of this process that an earlier look did not show. */
function killNewChildren(before: Snapshot): void {
  for (const { pid } of listChildren(process.pid)) {
    if (before.has(`child ${String(pid)}`)) continue;
    using pidfd = Pidfd.open(pid);
    pidfd.signal(constants.signals.SIGKILL);
  }
}

it('a SIGKILL in the middle of the plan is reported with the step, and leaves nothing', async () => {
  const before = takeSnapshot(lab);
  const outcomes = new Set<string>();
  for (let round = 0; round < 30; round++) {
    const act: Act = (what, run) => {
      const result = run();
      // A timer waits for a millisecond at least, in which a fast machine may be done.
      if (what === 'send plan' && round % 3 === 0) killNewChildren(before);
      else if (what === 'send plan') setTimeout(killNewChildren, round / 10, before);
      return result;
    };
    const outcome = await lab.spawn(COMMAND, {}, { act }).then(
      async (container) => {
        await container.kill();
        return 'started';
      },
      (error: unknown) => {
        expect(error).toBeInstanceOf(LaunchKilledError);
        expect(error).toMatchObject({
          signal: 'SIGKILL',
          message: expect.stringContaining('killed by SIGKILL during: ') as string,
        });
        return 'killed';
      },
    );
    outcomes.add(outcome);
    expect(await findLeaks(before, lab)).toEqual([]);
  }
  expect(outcomes).toContain('killed');
});

interface ExecVariant {
  readonly terminal?: boolean;
  /** It finds no room for a cgroup of its own, and has an init that kills its children. */
  readonly alone?: boolean;
}

describe.each([
  ['in full isolation', {}, {}],
  ['with a terminal', {}, { terminal: true }],
  ['without an init or a pid namespace', { init: false, pid: 'host' }, {}],
  ['with the isolation of the cgroup alone', { isolation: 'cgroup' }, {}],
  ['with that, and a terminal', { isolation: 'cgroup' }, { terminal: true }],
  ['without a cgroup of its own', {}, { alone: true }],
  ['without one, in the isolation of the cgroup alone', { isolation: 'cgroup' }, { alone: true }],
] as const)('of an exec %s', (_name, options, { alone = false, ...own }: ExecVariant) => {
  const read = (id: string): State => new Store(lab.stateDir).get(id);

  it('a failure of any step or action is named, leaves nothing, and the container alone', async (context) => {
    requires(context, { cgroup: true, cgroup2: alone });
    const container = await lab.spawn(COMMAND, options);
    const state = read(container.id);
    if (alone) writeFileSync(`${state.cgroup.v2?.payload ?? ''}/cgroup.max.descendants`, '0');
    const facts = readHostFacts({ paths: [], cwd: '/' });
    const { steps } = compileExec(
      state.spec,
      { ...state.spec.process, ...own, args: COMMAND },
      { facts, idMaps: state.idMaps, alone },
    );
    expect(steps.some(({ op }) => op === 'keep-children')).toBe(alone);
    const before = takeSnapshot(lab);
    for (const [index, step] of steps.entries()) {
      const error = await startExec(state, COMMAND, own, { step: { step: index, errno: EIO } }).catch(
        (reason: unknown) => reason,
      );
      expect(error, describeStep(step)).toBeInstanceOf(LaunchError);
      expect(error).toMatchObject({ stepIndex: index, message: `${describeStep(step)}: EIO (i/o error)` });
      expect(await findLeaks(before, lab), `after ${describeStep(step)}`).toEqual([]);
    }
    for (const what of ['make report page', 'clone corral-init', 'send plan']) {
      for (const when of ['before', 'after'] as const) {
        const failure = new Error(`${when} ${what}`);
        const act: Act = (action, run) => (action === what ? fail(when, failure, run) : run());
        await expect(startExec(state, COMMAND, own, { act })).rejects.toBe(failure);
        expect(await findLeaks(before, lab), `${when} ${what}`).toEqual([]);
      }
    }
    expect(lab.containers.get(container.id)).toMatchObject({ status: 'running' });
  });
});

/** Steps that none of the plans has, and why. */
const NOT_SWEPT: Readonly<Partial<Record<StepName, string>>> = {
  'join-namespaces': 'of exec alone, which is swept by itself',
  'enter-pid-namespace': 'of exec alone, which is swept by itself',
  'set-domainname': 'no option asks for it',
  'serve-files': 'of cp alone: see copy.test.ts',
  'keep-children': 'of what has no cgroup of its own, and of v1: see the exec above',
  ...Object.fromEntries(
    [...ENGINE_STEPS, ...PROCESS_STEPS].map((name) => [name, 'of an engine’s spec: see its own sweep']),
  ),
};

it('the plans of the sweep have every step that a launch can have', (context) => {
  requires(context, { root: true, idmap: true, controllers: ['memory'] });
  const seen = new Set(
    Object.values(VARIANTS).flatMap((options) =>
      prepare(COMMAND, { ...options(), name: 'sweep' }).plan.steps.map(({ op }) => op),
    ),
  );
  // Where v1 has the limits, the cgroup namespace has a step of its own.
  if (readCgroupFacts().layout.mode === 'unified') seen.add('unshare');
  if (readCgroupFacts().v2Base === undefined) seen.delete('keep-children');
  const missing = (Object.keys(STEPS) as StepName[]).filter((name) => !seen.has(name));
  expect(missing.sort()).toEqual(Object.keys(NOT_SWEPT).sort());
});
