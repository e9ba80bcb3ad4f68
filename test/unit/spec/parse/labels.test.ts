import { describe, expect, test } from 'vitest';
import { ANNOTATIONS, labelsOf } from '../../../../src/spec/annotations.js';
import { specOf } from '../../../helpers/facts.js';

describe('labels', () => {
  const labels = { job: '7', 'com.example/team': 'a b', empty: '', ['__proto__']: 'x' };

  test.each(['full', 'cgroup'] as const)('travel in the annotations of the spec, with isolation %s', (isolation) => {
    const plain = specOf({ isolation });
    const labelled = specOf({ isolation, labels });
    expect(labelled.annotations).toEqual({ ...plain.annotations, ...labels });
    expect(labelsOf(labelled)).toEqual(labels);
    expect(labelsOf(plain)).toEqual({});
  });

  test.each(Object.values(ANNOTATIONS))('cannot be %s, which is corral’s', (name) => {
    expect(() => specOf({ labels: { [name]: 'x' } })).toThrow(`labels: "${name}" is not free`);
  });

  test.each<[Record<string, string>, string]>([
    [{ '': 'x' }, 'labels: "" is not the name of a label'],
    [{ 'a\0': 'x' }, 'labels: "a\\u0000" is not the name of a label'],
    [{ a: 'x\0' }, 'labels.a: "x\\u0000" is not text without NUL bytes'],
  ])('%j is refused', (wrong, message) => {
    expect(() => specOf({ labels: wrong })).toThrow(message);
  });
});
