import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import { compileExec } from '../../../src/compile/exec.js';
import { describeStep, stepDetail } from '../../../src/plan/describe.js';
import { encodePlan } from '../../../src/plan/encode.js';
import type { Step, StepOf } from '../../../src/plan/steps.js';
import type { LaunchPlan } from '../../../src/plan/types.js';
import { toExecProcess } from '../../../src/spec/exec.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { hostFacts, specOf } from '../../helpers/facts.js';

const plan = (options: ContainerOptions): LaunchPlan =>
  compile('web', specOf({ terminal: { columns: 100, rows: 30 }, ...options }), hostFacts());

const isOpening = (step: Step): step is StepOf<'open-terminal'> => step.op === 'open-terminal';
const opening = (options: ContainerOptions): StepOf<'open-terminal'> | undefined => plan(options).steps.find(isOpening);

const around = (steps: readonly Step[]): readonly string[] => {
  const index = steps.findIndex(isOpening);
  return steps.slice(index - 2, index + 3).map(describeStep);
};

const AFTER = ['open terminal', 'set stdin, stdout and stderr'];

test('with an init, the terminal is opened by its child, as the leader of a session of its own', () => {
  const { steps } = plan({});
  const bounding = expect.stringMatching(/^set bounding/) as string;
  expect(around(steps)).toEqual(['stay as init', 'start a session', ...AFTER, bounding]);
  expect(steps.filter(({ op }) => op === 'set-standard-streams')).toEqual([
    { op: 'set-standard-streams', stdin: 'terminal', stdout: 'terminal', stderr: 'terminal' },
  ]);
});

test('without one, by the process itself', () => {
  expect(around(plan({ init: false }).steps)).toEqual([
    'set umask 0022',
    'start a session',
    ...AFTER,
    'change directory to /work',
  ]);
});

test('it takes the place of the three streams, and the plan can be written down', () => {
  const { fds, steps } = plan({});
  expect(fds.map(({ kind }) => kind)).not.toContain('stream');
  expect(() => encodePlan({ fds: fds.map(({ slot }) => slot), steps })).not.toThrow();
});

test('it has the size, and belongs to the user', () => {
  const step = opening({ user: '1000:1000' });
  expect(step).toMatchObject({ columns: 100, rows: 30, uid: 1000, root: 'root' });
  expect(step === undefined ? '' : stepDetail(step)).toBe('100x30 owner 1000 /dev/console');
});

test('a spec that tells no size leaves it to the kernel', () => {
  const spec = specOf();
  const { steps } = compile('web', { ...spec, process: { ...spec.process, terminal: true } }, hostFacts());
  expect(steps.find(isOpening)).toMatchObject({ columns: 0, rows: 0 });
});

test('a size without a terminal is ignored, as the runtime-spec has it', () => {
  const spec = specOf();
  const consoleSize = { height: 5, width: 5 };
  expect(compile('web', { ...spec, process: { ...spec.process, consoleSize } }, hostFacts())).toEqual(
    compile('web', spec, hostFacts()),
  );
});

describe('/dev/console is the terminal', () => {
  test('in a /dev of the container’s own', () => {
    expect(opening({})?.console).toBe('/dev/console');
    expect(opening({ rootfs: '/srv/root', init: false })?.console).toBe('/dev/console');
  });

  test.each<[string, ContainerOptions]>([
    ['in the host’s', { volumes: ['/dev:/dev'] }],
    ['where something else was put there', { volumes: ['/srv/log:/dev/console'] }],
    ['without mounts', { isolation: 'cgroup' }],
  ])('but not %s', (_, options) => {
    expect(opening(options)?.console).toBe('');
  });
});

test('without mounts of its own, it is one of the host’s', () => {
  expect(opening({ isolation: 'cgroup' })).toMatchObject({ root: undefined });
});

describe('an exec', () => {
  const exec = (terminal: boolean, options: ContainerOptions = {}): readonly Step[] => {
    const spec = specOf(options);
    const database = (): never => {
      throw new Error('read');
    };
    const process = toExecProcess(['ls'], spec.process, { terminal }, { env: {}, database });
    return compileExec(spec, process, { facts: hostFacts() }).steps;
  };

  test('opens one in the container’s root, and mounts nothing', () => {
    const steps = exec(true);
    expect(steps.map(describeStep)).toContain('open directory /');
    expect(steps.find(isOpening)).toMatchObject({ root: 'root', console: '', columns: 80, rows: 24 });
  });

  test('of the host’s where the container has no mounts', () => {
    const steps = exec(true, { isolation: 'cgroup' });
    expect(steps.map(({ op }) => op)).not.toContain('open-directory');
    expect(steps.find(isOpening)).toMatchObject({ root: undefined });
  });

  test('has none because the container has one', () => {
    const ops = exec(false, { terminal: true }).map(({ op }) => op);
    expect(ops).not.toContain('open-terminal');
    expect(ops).not.toContain('open-directory');
  });
});
