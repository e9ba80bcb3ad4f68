import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/doctor/types.js';
import { NAMESPACE_TYPES } from '../../../src/spec/types.js';

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** The ids of all findings that the source can make. */
function idsInSource(): readonly string[] {
  const directory = path('src/doctor/findings');
  const source = readdirSync(directory).map((file) => readFileSync(`${directory}/${file}`, 'utf8'));
  const written = [...source.join('\n').matchAll(/\bid: '([a-z]+\.[a-z-]+)'/g)].map(([, id]) => id!);
  const made = [
    ...LIMITS.map((limit) => `limits.${limit}`),
    ...NAMESPACE_TYPES.map((type) => `namespaces.${type}`),
    'kernel.proc',
    'kernel.sysfs',
  ];
  return [...new Set([...written, ...made])].sort();
}

test('docs/doctor.md has a line for each finding, and for nothing else', () => {
  const text = readFileSync(path('docs/doctor.md'), 'utf8');
  const documented = [...text.matchAll(/^\| `([a-z]+\.[a-z-]+)` \|/gm)].map(([, id]) => id!);
  expect(documented.toSorted()).toEqual(idsInSource());
});
