import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import { compileExec } from '../../../src/compile/exec.js';
import type { HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import { encodePlan } from '../../../src/plan/encode.js';
import { formatPlan } from '../../../src/plan/format.js';
import type { LaunchPlan } from '../../../src/plan/types.js';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import { toExecProcess } from '../../../src/spec/exec.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import type { Spec } from '../../../src/spec/types.js';
import { ROOT_CALLER, hostFacts, plainFacts, specOf } from '../../helpers/facts.js';

const supervised = (options: ContainerOptions, more: Readonly<Record<string, string>> = {}): Spec => {
  const spec = specOf({ dieWithParent: false, ...options });
  return { ...spec, annotations: { ...spec.annotations, [ANNOTATIONS.run]: '1', ...more } };
};

const KEPT_INPUT = { [ANNOTATIONS.stdin]: 'kept' };

const KEPT_OUTPUT = { [ANNOTATIONS.output]: 'kept' };

const words = ({ steps }: LaunchPlan): readonly string[] => steps.map(describeStep);

describe('the init of a container of a supervisor', () => {
  test('opens the master of its terminal before it forks, and keeps it', () => {
    const plan = compile('web', supervised({ terminal: true }), hostFacts());
    const at = words(plan).indexOf('open the master of the terminal');
    expect(words(plan).slice(at, at + 5)).toEqual([
      'open the master of the terminal',
      'keep master in the init as descriptor 2',
      'stay as init',
      'start a session',
      'open terminal',
    ]);
    expect(plan.steps.find(({ op }) => op === 'open-terminal')).toMatchObject({ master: 'master' });
    expect(() => encodePlan({ fds: plan.fds.map(({ slot }) => slot), steps: plan.steps })).not.toThrow();
    expect(plan.notes).toEqual([]);
  });

  test('keeps the other end of its standard input', () => {
    const plan = compile('web', supervised({}, KEPT_INPUT), hostFacts());
    expect(plan.fds).toContainEqual({ slot: 'input', kind: 'kept-input' });
    expect(words(plan)).toContain('keep input in the init as descriptor 3');
    expect(formatPlan(plan)).toContain('hand on the other end of stdin for the init');
    expect(() => encodePlan({ fds: plan.fds.map(({ slot }) => slot), steps: plan.steps })).not.toThrow();
  });

  test('keeps the other ends of its output, and the files that they go into', () => {
    const plan = compile('web', supervised({}, KEPT_OUTPUT), hostFacts());
    const slots = ['output', 'output-spool', 'errors', 'errors-spool'];
    for (const [index, slot] of slots.entries()) {
      expect(plan.fds).toContainEqual({ slot, kind: 'kept-output' });
      expect(words(plan)).toContain(`keep ${slot} in the init as descriptor ${String(4 + index)}`);
      expect(formatPlan(plan)).toContain(`hand on ${slot} for the init`);
    }
    expect(() => encodePlan({ fds: plan.fds.map(({ slot }) => slot), steps: plan.steps })).not.toThrow();
    expect(plan.notes).toEqual([]);
  });

  test('keeps those also where nobody could take them from it', () => {
    const facts = hostFacts({ caller: { ...ROOT_CALLER, capabilities: 0n }, kernel: [5, 5] });
    const plan = compile('web', supervised({ isolation: 'cgroup' }, KEPT_OUTPUT), facts);
    expect(words(plan)).toContain('keep output in the init as descriptor 4');
  });

  test('keeps nothing where there is nothing to keep', () => {
    const steps = words(compile('web', supervised({}), hostFacts())).join();
    expect(steps).not.toContain('keep');
  });
});

test('that of another container keeps nothing', () => {
  const spec = specOf({ dieWithParent: false, terminal: true });
  const plan = compile('web', { ...spec, annotations: { ...spec.annotations, ...KEPT_INPUT } }, hostFacts());
  expect(words(plan).join()).not.toMatch(/keep (master|input)|master of/);
  expect(plan.fds.map(({ kind }) => kind)).not.toContain('kept-input');
  expect(plan.notes).toEqual([]);
});

test('a process that enters such a container keeps nothing', () => {
  const spec = supervised({ terminal: true }, KEPT_INPUT);
  const target = toExecProcess(
    ['sh'],
    spec.process,
    { terminal: true },
    { env: {}, database: () => ({ passwd: '', group: '' }) },
  );
  const plan = compileExec(spec, target, { facts: hostFacts(), alone: true });
  expect(plan.steps.map(describeStep).join()).not.toMatch(/keep (master|input)|master of/);
});

describe('where nobody could have it again, nothing is kept, and a note says so', () => {
  const bare = hostFacts({ caller: { ...ROOT_CALLER, capabilities: 0n } });
  test.each<[string, ContainerOptions, HostFacts, RegExp]>([
    ['without an init', { init: false }, hostFacts(), /no init that could hold it/],
    ['on an old kernel', {}, hostFacts({ kernel: [5, 5] }), /before Linux 5[.]6/],
    ['for a user’s container without namespaces', { isolation: 'cgroup' }, plainFacts(), /without CAP_SYS_PTRACE/],
    ['for a root that may not trace', { isolation: 'cgroup' }, bare, /without CAP_SYS_PTRACE/],
  ])('%s', (_name, options, facts, reason) => {
    const terminal = compile('web', supervised({ ...options, terminal: true }), facts);
    expect(words(terminal).join()).not.toContain('master');
    expect(terminal.notes).toContainEqual(
      expect.stringMatching(/^its terminal is hung up should the supervisor die: /),
    );
    expect(terminal.notes).toContainEqual(expect.stringMatching(reason));
    const input = compile('web', supervised(options, KEPT_INPUT), facts);
    expect(input.fds.map(({ kind }) => kind)).not.toContain('kept-input');
    expect(input.notes).toContainEqual(expect.stringMatching(/^its standard input ends should the supervisor die: /));
  });

  test('and the same goes for its output without an init', () => {
    const plan = compile('web', supervised({ init: false }, KEPT_OUTPUT), hostFacts());
    expect(plan.fds.map(({ kind }) => kind)).not.toContain('kept-output');
    expect(plan.notes).toContainEqual(expect.stringMatching(/^it gets EPIPE .*: it has no init that could hold it$/));
  });

  test('but for a user’s container with a user namespace it is', () => {
    const plan = compile('web', supervised({ terminal: true }), plainFacts());
    expect(words(plan)).toContain('keep master in the init as descriptor 2');
  });
});
