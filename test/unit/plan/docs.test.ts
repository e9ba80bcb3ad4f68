import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { STEPS } from '../../../src/plan/steps.js';

const DOC = readFileSync(new URL('../../../docs/launch-plan.md', import.meta.url), 'utf8');

it.each(Object.keys(STEPS))('docs/launch-plan.md says what `%s` does', (name) => {
  const rows = DOC.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.filter((row) => row.split('|')[1]?.includes(`\`${name}\``))).toHaveLength(1);
});
