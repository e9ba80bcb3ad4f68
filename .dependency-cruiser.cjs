'use strict';

const pureFiles = require('./scripts/pure-files.json');

/**
 * Which way imports may run:
 *
 *     cli, oci → {supervisor, doctor} → container → {compile, native, cgroup, host} → {plan, spec} → {errors, util}
 *
 * A file may always import from its own folder; what else it may import stands here, with the reason.
 */
const FACTS = 'src/host/facts.ts';
const PURE = pureFiles.map((path) => `^${path.replaceAll('.', '[.]')}`);
const PURE_CGROUP = pureFiles.filter((path) => path.startsWith('src/cgroup/'));
const LOW = ['errors', 'util'];

/** @type {{ from: string, to: string[], because: string }[]} */
const LAYERS = [
  { from: 'util', to: [], because: 'util is the floor: what it needs, it must bring.' },
  { from: 'errors', to: ['util'], because: 'Every folder throws errors, so errors can depend on none of them.' },
  {
    from: 'spec',
    to: LOW,
    because: 'A spec says what is wanted; it must be readable without knowing how that is done, or on which host.',
  },
  {
    from: 'plan',
    to: LOW,
    because: 'The plan language is shared with C++: it knows steps and bytes, not why they were chosen.',
  },
  {
    from: 'compile',
    to: [...LOW, 'spec', 'plan', ...PURE_CGROUP, FACTS],
    because: 'compile is (Spec, HostFacts) → LaunchPlan: it is told about the host, and never looks or touches.',
  },
  {
    from: 'host',
    to: [...LOW, 'spec', 'plan', ...PURE_CGROUP, 'src/cgroup/facts[.]ts', 'src/native/addon[.]ts'],
    because:
      'host reads /proc and /sys into facts, and changes nothing: of the addon it uses what looks, and nothing that acts on cgroups.',
  },
  {
    from: 'native',
    to: [...LOW, 'spec', 'plan'],
    because: 'native runs the plan it is given; the decisions were taken above it.',
  },
  {
    from: 'cgroup',
    to: [...LOW, 'spec', 'plan', 'native', FACTS],
    because: 'A cgroup knows processes and files, not containers; facts about the host are handed to it.',
  },
  {
    from: 'container',
    to: [...LOW, 'spec', 'plan', 'compile', 'native', 'cgroup', 'host'],
    because: 'A container puts the parts together; it must work without supervisor or command line.',
  },
  {
    from: 'supervisor',
    to: [...LOW, 'spec', 'plan', 'compile', 'native', 'cgroup', 'container'],
    because: 'The supervisor keeps containers running; facts about the host reach it through them.',
  },
  {
    from: 'doctor',
    to: [...LOW, 'spec', 'plan', 'compile', 'native', 'cgroup', 'host', 'container'],
    because: 'The doctor tries out all that containers are made of, part by part; nothing of theirs may lean on it.',
  },
  {
    from: 'boot',
    to: LOW,
    because: 'What starts a program is read before the program is: it has to be small.',
  },
  {
    from: 'cli',
    to: [...LOW, 'boot', 'spec', 'plan', 'compile', 'host', 'container', 'supervisor', 'doctor'],
    because: 'A verb calls what the library offers; one that needs the addon or the cgroup tree is a missing method.',
  },
  {
    from: 'oci',
    to: [...LOW, 'boot', 'spec', 'plan', 'compile', 'container', 'supervisor', 'src/cli/(print|terminal)[.]ts'],
    because:
      'The engine-facing verbs are a thin face over container, as those of cli are; people who call them have the same terminal, and the same care is taken of pipes.',
  },
];

const asPath = (to) => (to.startsWith('src/') ? `^${to}` : `^src/${to}/`);

const layerRules = LAYERS.map(({ from, to, because }) => ({
  name: `layer-${from}`,
  severity: 'error',
  comment: `${because} src/${from} may import: ${to.join(', ') || 'nothing'}.`,
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [`^src/${from}/`, ...to.map(asPath)] },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'pure-no-system',
      severity: 'error',
      comment:
        'Pure folders get facts as arguments and return values: every branch is tested without root, files or processes.',
      from: { path: PURE },
      to: {
        path: '^(node:)?(fs|fs/promises|child_process|net|tls|dgram|http|https|worker_threads)$',
      },
    },
    {
      name: 'pure-no-impure-source',
      severity: 'error',
      comment:
        'A pure file that imports one which acts is not pure any more. This bites inside src/cgroup, where both live.',
      from: { path: PURE },
      to: { path: '^src/', pathNot: [...PURE, `^${FACTS}$`] },
    },
    {
      name: 'facts-are-types',
      severity: 'error',
      comment: 'Only the shape of the facts is shared; a value imported from src/host would bring the reader with it.',
      from: { path: '^src/(compile|cgroup)/' },
      to: { path: `^${FACTS}$`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'host-is-asked-above',
      severity: 'error',
      comment: 'The host is read once, by container or cli, and handed down as facts: two readers would see two hosts.',
      from: { path: '^src/', pathNot: '^src/(host|container|doctor|cli)/' },
      to: { path: '^src/host/', pathNot: `^${FACTS}$` },
    },
    {
      name: 'barrel-imports',
      severity: 'error',
      comment:
        'src/index.ts shows what the package offers: containers, what they report, the client of the supervisor, the low-level calls, errors, spec types.',
      from: { path: '^src/index[.]ts$' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(container|native|errors|spec|cgroup/(kill|kill-tree|limits|parse|signal|stats|usage|v2/io)[.]ts$)|' +
          '^src/supervisor/((connect|attachment|events|exec|face|processes|types)[.]ts$|api/answers|client/|logs/types)',
      },
    },
    {
      name: 'barrel-is-for-users',
      severity: 'error',
      comment: 'src/index.ts is for users of the package; inside, it would tie every file to every other.',
      from: { path: '^src/' },
      to: { path: '^src/index[.]ts$' },
    },
    {
      name: 'one-barrel',
      severity: 'error',
      comment: 'src/index.ts is the only barrel: a folder is imported by the file that has the thing.',
      from: { path: '^src/' },
      to: { path: '^src/.+/index[.]ts$' },
    },
    {
      name: 'addon-loaded-once',
      severity: 'error',
      comment: 'src/native/addon.ts is the typed face of the addon; loaded elsewhere, it would have none.',
      from: { path: '^src/', pathNot: '^src/native/addon[.]ts$' },
      to: { path: '^src/native/load[.]ts$|[.]node$' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Files in a cycle can only be read, tested and loaded together; types count, they are read too.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that imports nothing and that nothing imports was left behind, or is not connected yet.',
      from: { orphan: true, path: '^src/', pathNot: '^src/(index|cli/main|oci/main)[.]ts$' },
      to: {},
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      comment: 'An import that leads nowhere would slip past every other rule.',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      comment: 'What src imports must be installed with the package.',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        // Part of the bundle: scripts/build.mjs puts them, and their licenses, into dist/.
        pathNot: '^node_modules/(commander|dbus-native|ink|react|hono|string-width|tar-stream|valibot)/',
      },
    },
    {
      name: 'src-alone',
      severity: 'error',
      comment: 'Tests, benchmarks and examples use src, never the other way: they are not in the package.',
      from: { path: '^src/' },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Sees `import type`, and resolves './x.js' to './x.ts' as the compiler does.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default', 'node'] },
  },
};
