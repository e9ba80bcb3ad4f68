import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STEPS } from '../../../src/plan/steps.js';

interface Definition {
  readonly number: number;
  readonly args: readonly (readonly [name: string, kind: string])[];
}

/** Reads native/steps.def as the C++ preprocessor does. */
function parseDefinitions(text: string): Map<string, Definition & { readonly identifier: string }> {
  const code = text.replaceAll(/\/\/.*/g, '').replaceAll(/\s+/g, ' ');
  const steps = code.matchAll(/STEP\((\d+), (\w+), "([^"]+)",((?: ?ARG\(\w+, \w+\))*) ?\)/g);
  return new Map(
    [...steps].map(([, number, identifier, name, args]) => [
      name!,
      {
        number: Number(number),
        identifier: identifier!,
        args: [...args!.matchAll(/ARG\((\w+), (\w+)\)/g)].map(([, kind, arg]) => [arg!, kind!] as const),
      },
    ]),
  );
}

const text = readFileSync(new URL('../../../native/steps.def', import.meta.url), 'utf8');
const definitions = parseDefinitions(text);

describe('native/steps.def and src/plan/steps.ts say the same', () => {
  test('names, in order', () => {
    expect([...definitions.keys()]).toEqual(Object.keys(STEPS));
    expect(definitions.size).toBe(text.match(/^STEP\(/gm)?.length);
  });

  test.each(Object.entries(STEPS))('%s', (name, { number, args }) => {
    const definition = definitions.get(name);
    expect(definition?.number).toBe(number);
    expect(definition?.args).toEqual(Object.entries(args));
    expect(definition?.identifier).toBe(name.replaceAll('-', '_'));
    expect(definition?.args.length).toBeLessThanOrEqual(8);
  });

  test('no number stands twice', () => {
    const numbers = Object.values(STEPS).map(({ number }) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
