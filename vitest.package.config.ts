import { defineConfig } from 'vitest/config';
import { TallyReporter } from './test/helpers/reporter.js';

// The package as users get it: packed, installed into empty projects, on every supported Node. Apart from the other tests,
// because it packs, downloads Node, and compiles.
const scale = Number(process.env['CORRAL_TEST_TIMEOUT_SCALE'] ?? 1);

export default defineConfig({
  test: {
    reporters: ['default', new TallyReporter()],
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/setup.ts'],
    pool: 'forks',
    testTimeout: 60_000 * scale,
    hookTimeout: 120_000 * scale,
  },
});
