import { readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Act } from '../../../src/cgroup/types.js';
import { compileExec } from '../../../src/compile/exec.js';
import { compile } from '../../../src/compile/compile.js';
import { removeParents } from '../../../src/container/leaving.js';
import { LaunchError } from '../../../src/errors/launch-error.js';
import { describeStep } from '../../../src/plan/describe.js';
import type { StepName } from '../../../src/plan/steps.js';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import type { Process, Spec } from '../../../src/spec/types.js';
import { PROCESS_STEPS } from '../../helpers/engine.js';
import { makeEngineLab } from '../../helpers/engine-process.js';
import { type SpecChanges, engineSpec } from '../../helpers/engine-spec.js';
import { makeLab } from '../../helpers/lab.js';
import { findLeaks, takeSnapshot } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();
const engine = makeEngineLab(lab);

const EIO = constants.errno.EIO;
const IDS = [{ containerID: 0, hostID: 100_000, size: 65_536 }];

const PROCESS: Partial<Process> = {
  env: ['PATH=/bin'],
  rlimits: [{ type: 'RLIMIT_NOFILE', soft: 64, hard: 64 }],
  oomScoreAdj: 100,
  scheduler: { policy: 'SCHED_BATCH' },
  ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 5 },
};

const NEW = (['mount', 'pid', 'ipc', 'uts', 'network'] as const).map((type) => ({ type }));

/** Plans that together have every step that only an engine's spec asks for. */
const VARIANTS: Readonly<Record<string, SpecChanges>> = {
  'all that a process can have': {
    process: PROCESS,
    hostname: 'sweep',
    domainname: 'example.org',
    annotations: { [ANNOTATIONS.preserveFds]: '1' },
    linux: {
      namespaces: [...NEW, { type: 'time' }],
      timeOffsets: { monotonic: { secs: 5 } },
      personality: { domain: 'LINUX' },
      memoryPolicy: { mode: 'MPOL_DEFAULT' },
    },
  },
  'a user namespace beside one that is joined': {
    process: { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 64, hard: 64 }] },
    linux: {
      namespaces: [
        { type: 'user' },
        { type: 'network', path: '/proc/self/ns/net' },
        { type: 'mount' },
        { type: 'pid' },
      ],
      uidMappings: IDS,
      gidMappings: IDS,
    },
  },
  'a root that is moved, and a filter': {
    process: { noNewPrivileges: false },
    annotations: { [ANNOTATIONS.noPivot]: 'true' },
    linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
  },
  'the mount namespace of the runtime': { mounts: [], linux: { namespaces: [{ type: 'pid' }] } },
};

const seen = new Set<StepName>();

const specOf = (changes: SpecChanges): Spec => engineSpec('sleep 1000', changes, engine.rootfs);

describe.each(Object.entries(VARIANTS))('with %s', (_name, changes) => {
  it('a failure of any step is named, and leaves nothing', async (context) => {
    requires(context, { root: true });
    const { prelude = [], steps } = compile('sweep', specOf(changes), engine.facts());
    // What comes after that is not the launch's any more.
    const all = [...prelude, ...steps.slice(0, steps.findIndex(({ op }) => op === 'await-start') + 1)];
    const before = takeSnapshot(lab);
    for (const [index, step] of all.entries()) {
      seen.add(step.op);
      const error = await engine
        .start(specOf(changes), { step: { step: index, errno: EIO } }, 'sweep')
        .catch((reason: unknown) => reason);
      expect(error, describeStep(step)).toBeInstanceOf(LaunchError);
      expect((error as LaunchError).message).toBe(`${describeStep(step)}: EIO (i/o error)`);
      removeParents();
      expect(await findLeaks(before, lab), `after ${describeStep(step)}`).toEqual([]);
    }
    expect(all.length).toBeGreaterThan(5);
  });

  it(
    'a failure of any action of the parent is thrown as it is, and leaves nothing',
    { timeout: 60_000 * TIME_SCALE },
    async (context) => {
      requires(context, { root: true });
      const actions: string[] = [];
      const counting: Act = (what, run) => {
        actions.push(what);
        return run();
      };
      const started = await engine.start(specOf(changes), { act: counting });
      await started.kill();
      removeParents();
      const before = takeSnapshot(lab);
      for (const [index, what] of actions.entries()) {
        const failure = new Error(what);
        let count = 0;
        const act: Act = (_what, run) => {
          if (count++ === index) throw failure;
          return run();
        };
        await expect(engine.start(specOf(changes), { act }), what).rejects.toBe(failure);
        removeParents();
        expect(await findLeaks(before, lab), what).toEqual([]);
      }
      expect(actions).toEqual(expect.arrayContaining(['clone corral-init', 'send plan']));
    },
  );
});

it('of an exec, a failure of any step is named, and leaves nothing', async (context) => {
  requires(context, { root: true });
  const started = await engine.start(specOf({}));
  const own = { ...PROCESS, execCPUAffinity: { initial: '0', final: '0' } };
  const { steps } = compileExec(
    started.spec,
    { ...started.spec.process, ...own },
    { facts: engine.facts(), id: started.id },
  );
  const before = takeSnapshot(lab);
  for (const [index, step] of steps.entries()) {
    seen.add(step.op);
    const error = await engine
      .exec(started, own, { step: { step: index, errno: EIO } })
      .catch((reason: unknown) => reason);
    expect(error, describeStep(step)).toMatchObject({
      stepIndex: index,
      message: `${describeStep(step)}: EIO (i/o error)`,
    });
    expect(await findLeaks(before, lab), `after ${describeStep(step)}`).toEqual([]);
  }
  expect(readlinkSync(`/proc/${String(started.process.pid)}/exe`)).toContain('busybox');
});

it('of a label, a failure is named, and leaves nothing, where no security module is there to know it', async (context) => {
  requires(context, { root: true });
  const known = { ...engine.facts(), securityModules: ['apparmor', 'selinux'] };
  const spec = specOf({ process: { apparmorProfile: 'sweep', selinuxLabel: 'system_u:system_r:sweep_t:s0' } });
  const before = takeSnapshot(lab);
  const { steps } = compile('sweep', spec, known);
  const labels = steps.flatMap((step, index) => (step.op === 'set-security-label' ? [{ step, index }] : []));
  expect(labels).toHaveLength(2);
  for (const { step, index } of labels.slice(0, 1)) {
    seen.add(step.op);
    const failed = engine.start(spec, { step: { step: index, errno: EIO } }, 'sweep', known);
    await expect(failed).rejects.toThrow(`${describeStep(step)}: EIO (i/o error)`);
    removeParents();
    expect(await findLeaks(before, lab), `after ${describeStep(step)}`).toEqual([]);
  }
});

it('these plans have every step that only an engine’s spec asks for', (context) => {
  requires(context, { root: true });
  // Of hooks, and of the supervisor's containers.
  const others: readonly StepName[] = ['synchronize', 'run-hook', 'open-master', 'keep-descriptor'];
  const expected = PROCESS_STEPS.filter((name) => !others.includes(name));
  expect([...seen]).toEqual(
    expect.arrayContaining([...expected, 'join-namespaces', 'enter-pid-namespace', 'set-domainname', 'set-seccomp']),
  );
});
