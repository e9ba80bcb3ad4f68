import { defineConfig } from 'vitest/config';
import pureFiles from './scripts/pure-files.json' with { type: 'json' };
import { TallyReporter } from './test/helpers/reporter.js';
import { LinesReporter } from './test/lab/reporter.js';

// Emulated and busy machines are slower than any fixed limit: CORRAL_TEST_TIMEOUT_SCALE=4 waits four times as long.
const scale = Number(process.env['CORRAL_TEST_TIMEOUT_SCALE'] ?? 1);
if (!(scale > 0)) throw new Error('CORRAL_TEST_TIMEOUT_SCALE is not a positive number');

const timeouts = (timeoutMs: number): { testTimeout: number; hookTimeout: number } => ({
  testTimeout: timeoutMs * scale,
  hookTimeout: timeoutMs * scale,
});

// Where the lab runs the tests, it wants to know more than how many.
const labResult = process.env['LAB_RESULT'];
const labReporters = labResult === undefined ? [] : [new LinesReporter(labResult)];

/** What only decides, and has types of folders that act: no pure file, and tested as one. */
const DECISIONS = [
  'src/cli/{describe-error,exit-codes,filter}.ts',
  'src/supervisor/{health,record,recovery,restart-policy,run-end,supervision-options}.ts',
  'src/supervisor/api/create-body.ts',
];

export default defineConfig({
  test: {
    reporters: ['default', new TallyReporter(), ...labReporters],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts'],
          ...timeouts(10_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // These tests share the machine: its cgroup tree, its mounts, and the leak check that looks at all of them.
          fileParallelism: false,
          // Descriptors, subreaper and exit codes belong to a process, so a worker thread will not do.
          pool: 'forks',
          ...timeouts(60_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          fileParallelism: false,
          pool: 'forks',
          // No file leaves anything in the process that another one could see: a process for each would cost a second.
          isolate: false,
          ...timeouts(60_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          // These are compiled, not run: against dist/types, which is what users get.
          typecheck: {
            enabled: true,
            only: true,
            include: ['test/types/**/*.test-d.ts'],
            tsconfig: 'test/types/tsconfig.json',
          },
        },
      },
    ],
    coverage: {
      provider: 'v8',
      // The pure folders; everything else is measured by what it leaves behind on a host, not by lines.
      include: [...pureFiles.map((path) => path.replace(/[/]$/, '/**/*.ts')), ...DECISIONS],
      reporter: ['text', 'html'],
      reportsDirectory: 'coverage',
      thresholds: { branches: 95, lines: 97 },
    },
  },
});
