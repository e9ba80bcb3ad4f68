import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import { compileFiles } from '../../../src/compile/files.js';
import type { HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import { encodePlan } from '../../../src/plan/encode.js';
import type { StepOf } from '../../../src/plan/steps.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { capabilityMask } from '../../../src/util/linux.js';
import { hostFacts, plainFacts, specOf } from '../../helpers/facts.js';

type Plan = ReturnType<typeof compileFiles>;

function files(options: ContainerOptions = {}, facts: HostFacts = hostFacts()): Plan {
  const spec = specOf(options);
  return compileFiles({ spec, idMaps: compile('web', spec, facts).idMaps }, facts);
}

const lines = ({ steps }: Plan): readonly string[] => steps.map(describeStep);

const permitted = ({ steps }: Plan): unknown =>
  steps.find((step): step is StepOf<'set-capabilities'> => step.op === 'set-capabilities')?.permitted;

const FILES = capabilityMask(['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID']);

describe('whoever serves a container’s files', () => {
  test('joins its user and mount namespaces and nothing else, as its root, with what files need', () => {
    expect(lines(files())).toEqual([
      'join mount, user namespaces',
      'set user 0:0',
      `set capabilities 0x${FILES.toString(16)}`,
      'set no_new_privs',
      'set parent-death signal SIGKILL',
      'serve files',
    ]);
    expect(files().clone.flags).toEqual([]);
    expect(() => encodePlan({ fds: files().fds.map(({ slot }) => slot), steps: files().steps })).not.toThrow();
  });

  test('does so for an unprivileged caller, too', () => {
    expect(lines(files({}, plainFacts()))).toEqual(lines(files()));
  });

  test('stays who the caller is where the container has no user namespace', () => {
    expect(lines(files({ userns: 'host' })).slice(0, 2)).toEqual([
      'join mount namespace',
      `set capabilities 0x${FILES.toString(16)}`,
    ]);
  });

  test('joins nothing where the container has no namespaces', () => {
    const plan = files({ isolation: 'cgroup' }, plainFacts());
    expect(lines(plan)[0]).toBe('set capabilities 0x0');
    expect(plan.fds.map(({ slot }) => slot)).toEqual(['report', 'files']);
  });
});

test('on the host, it has of the caller’s rights those that files need', () => {
  expect(permitted(compileFiles(undefined, hostFacts()))).toBe(FILES);
  expect(permitted(compileFiles(undefined, plainFacts()))).toBe(0n);
  expect(compileFiles(undefined, hostFacts()).fds.map(({ slot }) => slot)).toEqual(['report', 'files']);
});
