import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { compileProfile, loadFilters, sampleProfiles } from '../../fuzz/profiles.js';
import { itWhen } from '../../helpers/when.js';

const COMPILES = spawnSync('gcc', ['--version']).status === 0;
const SOURCE = fileURLToPath(new URL('../../fuzz/verifier.c', import.meta.url));

// `npm run fuzz:seccomp` does the same with thousands.
itWhen(COMPILES, 'needs gcc')('whatever profile is compiled, the kernel takes the filter', () => {
  const profiles = sampleProfiles(150, 1);
  const filters = profiles.flatMap((profile) => compileProfile(profile) ?? []);
  // Some are refused, with the field: too many rules, an errno that is none.
  expect(filters.length).toBeGreaterThan(profiles.length / 4);
  expect(filters.length).toBeLessThan(profiles.length);
  expect(loadFilters(SOURCE, filters)).toEqual(filters.map(() => 0));
});
