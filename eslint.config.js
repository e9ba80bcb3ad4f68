import { createRequire } from 'node:module';
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Folders and files whose functions are tables and arithmetic: the same input gives the same output on every host. */
const PURE = createRequire(import.meta.url)('./scripts/pure-files.json').map((path) =>
  path.replace(/[/]$/, '/**/*.ts'),
);

const SHELL = {
  selector: 'ImportDeclaration[source.value=/child_process$/] > ImportSpecifier[imported.name=/^exec(Sync)?$/]',
  message: 'exec runs a shell, and a shell splits and expands what users typed; use execFile or spawn.',
};

const REALPATH_REASON =
  'A path that was resolved and is then used as a string can be swapped in between (CVE-2021-30465, CVE-2025-31133, ' +
  'CVE-2025-52565, CVE-2025-52881); open it once with openat2(RESOLVE_IN_ROOT) and use the descriptor.';

const REALPATH = {
  selector: 'ImportSpecifier[imported.name=/^realpath/]',
  message: REALPATH_REASON,
};

const IMPURE = {
  regex: '^(node:)?(fs|fs/promises|child_process|net|tls|dgram|http|https|worker_threads)$',
  message:
    'This folder is pure: it gets facts as arguments and returns values, so that every branch can be tested on any host.',
};

const DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'A default export has a new name in every file that imports it; a named one can be searched for.',
};

const BARREL = {
  selector: 'ExportAllDeclaration',
  message: 'src/index.ts is the only barrel: elsewhere, import from the file that has the thing.',
};

// To die of a signal oneself, `process.kill(process.pid, …)` is the way.
const KILL = {
  selector:
    'CallExpression[callee.object.name="process"][callee.property.name="kill"]:not([arguments.0.object.name="process"])',
  message: 'A pid may name another process by now; signal through a pidfd, or the whole cgroup.',
};

const PROCESS_WIDE = [
  {
    object: 'process',
    property: 'chdir',
    message: 'The working directory belongs to the program that uses this library; pass absolute paths.',
  },
  {
    object: 'process',
    property: 'umask',
    message: 'The umask belongs to the whole program, all its threads included; give each call its mode.',
  },
];

const DLOPEN = {
  object: 'process',
  property: 'dlopen',
  message: 'src/native/load.ts loads the addon, and knows where it may be.',
};

const REALPATH_PROPERTIES = ['realpath', 'realpathSync'].map((property) => ({ property, message: REALPATH_REASON }));

export default defineConfig(
  globalIgnores(['build/', 'dist/', 'coverage/', 'test/fuzz/.*.mjs']),
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },

  // Everything, with or without types.
  {
    files: ['**/*.{js,mjs,cjs,ts,mts}'],
    extends: [js.configs.recommended],
    languageOptions: { globals: globals.node },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'max-depth': ['error', 3],
      complexity: ['error', 15],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-restricted-properties': ['error', ...REALPATH_PROPERTIES],
    },
  },

  // Examples and benchmarks use the built package, which need not be there when they are linted: no types.
  {
    files: ['{examples,bench}/**/*.{ts,mts}'],
    extends: [tseslint.configs.strict, tseslint.configs.stylistic],
  },

  // The source, the tests and vitest.config.ts, with types.
  {
    files: ['{src,test}/**/*.ts', '*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A discriminated union is a table: a new member must show up at every place that decides by it.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A number in a message reads as it is; objects, null and undefined stay forbidden.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => stream.end()` is how a callback is written when nobody looks at what it returns.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `while (true)` is the plain form of a loop that ends by return.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // `_` marks an argument that a signature demands; destructuring is how a property is left out.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },

  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      'no-console': 'error',
      'no-restricted-syntax': ['error', SHELL, REALPATH, KILL, DEFAULT_EXPORT, BARREL],
      'no-restricted-properties': ['error', ...PROCESS_WIDE, DLOPEN, ...REALPATH_PROPERTIES],
      // What a file exports is read by people who do not see its body.
      '@typescript-eslint/explicit-module-boundary-types': 'error',
    },
  },
  {
    files: PURE,
    rules: { 'no-restricted-imports': ['error', { patterns: [IMPURE] }] },
  },
  {
    files: ['src/native/load.ts'],
    rules: { 'no-restricted-properties': ['error', ...PROCESS_WIDE, ...REALPATH_PROPERTIES] },
  },
  { files: ['src/index.ts'], rules: { 'no-restricted-syntax': ['error', DEFAULT_EXPORT] } },
  // The command line is where corral talks to people.
  { files: ['src/cli/**/*.ts'], rules: { 'no-console': 'off' } },

  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', DEFAULT_EXPORT],
      // In a test, a wrong `!` is a failure that points at its line: that is what a test is for.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
