import { describe, expect, test } from 'vitest';
import { compileCgroup } from '../../../src/compile/cgroup.js';
import type { Resources } from '../../../src/spec/resources.js';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import { engineSpec } from '../../helpers/engine-spec.js';
import { hostFacts } from '../../helpers/facts.js';

describe('an engine that wants no cgroup made', () => {
  const planOf = (resources: Resources): ReturnType<typeof compileCgroup> => {
    const annotations = { [ANNOTATIONS.cgroupDriver]: 'disabled' };
    const spec = engineSpec('true', { annotations, linux: { resources } });
    return compileCgroup('box', spec, hostFacts(), { shifted: false, notes: [] });
  };

  test.each<[Resources]>([[{}], [{ memory: {} }], [{ devices: [{ allow: false }] }]])('gets none: %j', (resources) => {
    expect(planOf(resources)).toEqual({ v1: [], flat: true });
  });

  test('gets no limits, then, and is told which it has asked for', () => {
    expect(() => planOf({ cpu: {}, pids: { limit: 5 } })).toThrow(
      '/linux/resources/pids: {"limit":5} is not possible with --cgroup-manager disabled',
    );
  });
});
