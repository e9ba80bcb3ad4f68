import { defineConfig } from 'vitest/config';
import { TallyReporter } from './test/helpers/reporter.js';

// Real engines, driving corral-oci and, in the same way, runc. Apart from the other tests: they take the engines' own daemons,
// storage and networks, and minutes.
const scale = Number(process.env['CORRAL_TEST_TIMEOUT_SCALE'] ?? 1);

export default defineConfig({
  test: {
    reporters: ['default', new TallyReporter()],
    include: ['test/engines/**/*.test.ts'],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 120_000 * scale,
    hookTimeout: 120_000 * scale,
  },
});
