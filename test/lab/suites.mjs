// Which integration tests run on which guest. A suite is a folder of test/integration.

/** This machine, beside the guests. */
export const HOST = 'host';

/**
 * What is not run, and why: files whose path in test/integration begins so, on these guests. Everything else runs everywhere,
 * and each test says for itself what it misses.
 *
 * @type {readonly { guests: readonly string[], files: string, reason: string }[]}
 */
export const LEFT_OUT = [
  {
    guests: ['v2', 'v2-nsdelegate', 'v2-all', 'systemd', 'rootless', 'legacy'],
    files: 'bench/',
    reason: 'the benchmarks compile a C program, and guests have no compiler',
  },
  {
    guests: ['v2', 'v2-nsdelegate', 'v2-all', 'systemd', 'rootless', 'legacy'],
    files: 'fuzz/bundle',
    reason: 'a guest needs no container around a fuzzer: npm run lab -- v2 -- npm run fuzz:bundle -- --here',
  },
  {
    guests: ['v2-all'],
    files: 'cli/',
    reason:
      'some hundred starts of Node at a tenth of the speed; user-mode Linux runs them, and their kernel matters little',
  },
  ...['copy', 'terminal', 'failure-sweep', 'store'].map((name) => ({
    guests: ['v2-all'],
    files: `container/${name}`,
    reason: 'nothing that depends on the controllers of this guest; user-mode Linux runs them at ten times the speed',
  })),
  ...['api', 'confined', 'crash', 'inside-attack', 'inside-depth', 'logs', 'users'].map((name) => ({
    guests: ['v2-all'],
    files: `supervisor/${name}`,
    reason: 'many starts of Node, and nothing that depends on the controllers of this guest; user-mode Linux runs them',
  })),
  {
    guests: ['v2-nsdelegate', 'systemd'],
    files: 'cli/',
    reason: 'what these guests have of their own is below the command line; v2 and rootless run it',
  },
  ...['copy', 'terminal', 'failure-sweep'].map((name) => ({
    guests: ['v2-nsdelegate', 'systemd'],
    files: `container/${name}`,
    reason: 'what these guests have of their own does not matter to them; v2 and rootless run them',
  })),
];

/**
 * What `--quick` runs: the core of each, in as little time as can be.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const QUICK = {
  v2: [
    'cgroup/',
    'container/limits',
    'container/exec',
    'container/namespaces',
    'nest/inside',
    'supervisor/inside-limits',
  ],
  rootless: [
    'cgroup/',
    'container/namespaces',
    'container/limits',
    'nest/rootless',
    'systemd/scope',
    'systemd/supervisor',
  ],
};
