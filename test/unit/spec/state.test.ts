import { describe, expect, test } from 'vitest';
import { ANNOTATIONS, bundleOf, weightFormulaOf } from '../../../src/spec/annotations.js';
import { toEngineState } from '../../../src/spec/state.js';

describe('the state of a container', () => {
  const parts = { ociVersion: '1.3.0', id: 'box', status: 'running', pid: 7, bundle: '/b' } as const;

  test('has annotations, but for those that are corral’s own', () => {
    const annotations = { a: 'b', [ANNOTATIONS.engine]: 'true' };
    expect(toEngineState({ ...parts, annotations })).toEqual({ ...parts, annotations: { a: 'b' } });
  });

  test('has no annotations and no pid where there are none', () => {
    const { pid: _, ...rest } = parts;
    const state = toEngineState({ ...rest, status: 'stopped', annotations: { [ANNOTATIONS.engine]: 'true' } });
    expect(Object.keys(state).sort()).toEqual(['bundle', 'id', 'ociVersion', 'status']);
  });
});

test('where a spec came from, and how it counts, are annotations', () => {
  expect(bundleOf({ annotations: {} })).toBe('/');
  expect(bundleOf({ annotations: { [ANNOTATIONS.bundle]: '/b' } })).toBe('/b');
  expect(weightFormulaOf({ annotations: {} })).toBe('curve');
  expect(weightFormulaOf({ annotations: { [ANNOTATIONS.cpuWeight]: 'linear' } })).toBe('linear');
});
