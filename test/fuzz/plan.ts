import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SEEDS } from './plan-seeds.js';

// Builds the targets of native/fuzz with clang, and runs each for a while: what it finds is left in a file.
//
//   npm run fuzz:plan -- --seconds 600 --target plan
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '0' },
    target: { type: 'string', multiple: true },
    // Writes what of all that was found adds to the kept inputs, and ends.
    merge: { type: 'boolean', default: false },
  },
});

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILD = join(ROOT, 'native/fuzz/build');
const COMPILER = process.env['CLANGXX'] ?? 'clang++';

/** The sources of corral-init that each target is of. */
const TARGETS: Readonly<Record<string, readonly string[]>> = {
  plan: ['plan.cc'],
  receive: ['plan.cc', 'receive.cc'],
  passwd: [],
};

const FLAGS = [
  '-std=c++20',
  '-O1',
  '-g',
  '-Wall',
  '-Wextra',
  '-fno-omit-frame-pointer',
  '-fsanitize=fuzzer,address,undefined',
  // A finding of any kind ends the run.
  '-fno-sanitize-recover=all',
];

const chosen = values.target ?? Object.keys(TARGETS);
for (const name of chosen) {
  if (!Object.hasOwn(TARGETS, name)) throw new Error(`no target is called ${name}; there are ${known()}`);
}
for (const name of chosen) fuzz(name, compileTarget(name));

function known(): string {
  return Object.keys(TARGETS).join(', ');
}

function compileTarget(name: string): string {
  mkdirSync(BUILD, { recursive: true });
  const program = join(BUILD, `${name}_fuzz`);
  const sources = [`native/fuzz/${name}_fuzz.cc`, ...(TARGETS[name] ?? []).map((file) => `native/init/${file}`)];
  run(COMPILER, [...FLAGS, ...sources, '-o', program], '(Debian: apt-get install clang libclang-rt-14-dev)');
  return program;
}

function fuzz(name: string, program: string): void {
  const kept = join(ROOT, 'native/fuzz/corpus', name);
  const grown = join(BUILD, `${name}-corpus`);
  const seeds = join(BUILD, `${name}-seeds`);
  rmSync(seeds, { recursive: true, force: true });
  for (const directory of [kept, grown, seeds]) mkdirSync(directory, { recursive: true });
  SEEDS[name]?.().forEach((bytes, file) => writeFileSync(join(seeds, file), bytes));
  if (values.merge) {
    run(program, ['-merge=1', kept, grown]);
    return;
  }
  console.log(
    `\n=== ${name}: ${values.seconds} s, ${String(readdirSync(kept).length)} kept inputs, seed ${values.seed}`,
  );
  const limits = [`-max_total_time=${values.seconds}`, '-timeout=10', '-rss_limit_mb=2048', '-print_final_stats=1'];
  run(program, [...limits, `-seed=${values.seed}`, `-artifact_prefix=${ROOT}fuzz-finding-`, grown, kept, seeds]);
}

/** How much of its output a finding is told with. */
const LAST_LINES = 150;

// On a terminal as it comes; in a log only how it has ended: libFuzzer says a line for each new input.
function run(file: string, args: readonly string[], hint = ''): void {
  const stdio = process.stdout.isTTY ? 'inherit' : 'pipe';
  const { error, status, signal, stderr } = spawnSync(file, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', stdio],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw new Error(`${file}: ${error.message} ${hint}`);
  const lines = ((stderr as string | null) ?? '').split('\n');
  const failed = status !== 0;
  console.log((failed ? lines.slice(-LAST_LINES) : lines.filter((line) => /^(Done|stat::)/.test(line))).join('\n'));
  if (failed) throw new Error(`${file} has ended with ${String(status ?? signal)}`);
}
