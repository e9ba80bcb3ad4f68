import { VERBS } from '../../../src/oci/verbs.js';
import { type Random, createRandom, pick } from '../random.js';
import { ID } from './run-case.js';

/** A command line of `corral-oci`, and whether there is a container already. */
export interface CommandLine {
  readonly argv: readonly string[];
  readonly hasContainer: boolean;
}

/** Returns command lines that are right, nearly right, and nonsense; the same for the same numbers. @param root - for `--root` */
export function commandLine(seed: number, index: number, root: string): CommandLine {
  const random = createRandom((seed + Math.imul(index, 0x1000_0001)) | 0);
  const most = (): boolean => random(10) > 0;
  const globals = [...(most() ? ['--root', root] : []), ...some(GLOBALS, random, 1)];
  const verb = most() ? pick(Object.keys(VERBS), random) : pick(WORDS, random);
  const own = most() ? choicesOf(FLAGS, verb) : pick(Object.values(FLAGS), random);
  const operands = most()
    ? [ID, ...some(choicesOf(OPERANDS, verb), random, 2)]
    : some(
        WORDS.map((each) => [each]),
        random,
        3,
      );
  const argv = [...globals, verb, ...some(own, random, 3), ...operands];
  return { argv: random(8) === 0 ? spoil(argv, random) : argv, hasContainer: random(2) === 0 };
}

// Verbs may be words such as `constructor`.
function choicesOf(table: Readonly<Record<string, Choice>>, verb: string): Choice {
  return Object.hasOwn(table, verb) ? (table[verb] ?? []) : [];
}

type Choice = readonly (readonly string[])[];

function some(choices: Choice, random: Random, most: number): readonly string[] {
  if (choices.length === 0) return [];
  return Array.from({ length: random(most + 1) }, () => pick(choices, random)).flat();
}

function spoil(argv: readonly string[], random: Random): readonly string[] {
  const at = random(argv.length + 1);
  return random(2) === 0 ? argv.toSpliced(at, 1) : argv.toSpliced(at, random(2), pick(WORDS, random));
}

const WORDS: readonly string[] = [
  ...['', ' ', '-', '--', '---', '-x', '--x', '--root', '--help', '-h', '-v', '--log-format=json', '--version=1'],
  ...['.', '..', '../x', 'a/b', '/', 'x'.repeat(300), 'x'.repeat(5000), 'é', '\n', '\u001b[31m', '%s', '{}', '[', '\\'],
  ...[
    '0',
    '-1',
    '1e9',
    '9'.repeat(30),
    'NaN',
    'true',
    'undefined',
    '__proto__',
    'constructor',
    'toString',
    ID,
    'missing',
  ],
];

const FILES: Choice = ['file', 'missing/file', '.', '/dev/null', '/proc/self/mem', ''].map((each) => [each]);

const GLOBALS: Choice = [
  ['--log', 'log'],
  ['--log', '/dev/full'],
  ['--log', 'missing/log'],
  ['--log-format', 'json'],
  ['--log-format', 'xml'],
  ['--debug'],
  ['--rootless', 'auto'],
  ['--systemd-cgroup'],
  ['--root', 'file'],
  ['--root', ''],
];

const named = (...names: readonly string[]): Choice =>
  names.flatMap((name) => FILES.slice(0, 4).map(([file = '']) => [name, file]));

const PROCESS: Choice = [
  ...named('--pid-file', '--console-socket', '--pidfd-socket'),
  ['--preserve-fds', '0'],
  ['--preserve-fds', '2'],
  ['--preserve-fds', 'x'],
];

const BUNDLE: Choice = [
  ...PROCESS,
  ['--no-pivot'],
  ['--no-new-keyring'],
  ['--bundle', '.'],
  ['--bundle', 'missing'],
  ['-b', 'file'],
];

/** The flags of verbs, with values that make sense and others. */
const FLAGS: Readonly<Record<string, Choice>> = {
  create: BUNDLE,
  run: [...BUNDLE, ['--detach'], ['-d'], ['--keep']],
  exec: [
    ...PROCESS,
    ...named('--process'),
    ['-d'],
    ['-t'],
    ['-u', '1:2'],
    ['-u', 'x'],
    ['-e', 'A=b'],
    ['--cwd', 'x'],
    ['--cap', 'x'],
  ],
  delete: [['-f'], ['--force']],
  kill: [['-a'], ['--all']],
  list: [['-q'], ['-f', 'json'], ['--format', 'table'], ['-f', 'x']],
  ps: [
    ['-f', 'json'],
    ['-f', 'table'],
    ['-f', 'x'],
  ],
  events: [['--stats'], ['--interval', '1s'], ['--interval', '0'], ['--interval', 'x']],
  update: [
    ['-r', '-'],
    ['-r', 'file'],
    ['--memory', '1'],
    ['--memory', 'x'],
    ['--pids-limit', '-1'],
    ['--cpu-quota', '1'],
  ],
  spec: [['--bundle', '.'], ['-b', 'source'], ['--rootless'], ['-b', 'missing']],
  checkpoint: [['--image-path', 'source'], ['--work-path', 'source'], ['--leave-running']],
  restore: [...BUNDLE, ['--image-path', 'source']],
};

const OPERANDS: Readonly<Record<string, Choice>> = {
  kill: [['TERM'], ['9'], ['SIGKILL'], ['x'], ['0'], ['-1'], ['65'], ['']],
  exec: [['/bin/sh', '-c', 'exit 3'], ['sh'], ['missing'], ['--', 'sh'], ['-x']],
  ps: [['-ef'], ['x']],
};
