import { readFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

const MAY_SKIP_FILE = new URL('../may-skip.txt', import.meta.url);

/** A test that may be skipped although every test must run. */
interface MaySkip {
  readonly pattern: RegExp;
  readonly reason: string;
}

interface Tally {
  passed: number;
  failed: number;
  readonly skipped: { readonly name: string; readonly reason: string }[];
}

/**
 * Ends the output of a run with each skipped test and its reason, then with `N passed, N failed, N skipped` on a line
 * alone.
 *
 * With `CORRAL_MUST_RUN=1` a skipped test that `test/may-skip.txt` does not name makes the run fail.
 */
export class TallyReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tally = countTests(modules, this.#vitest?.config.testNamePattern !== undefined);
    tally.failed += unhandledErrors.length;
    const lines = formatTally(tally);
    if (process.env['CORRAL_MUST_RUN'] === '1') lines.unshift(...refuseSkips(tally.skipped));
    const print = (): boolean => process.stdout.write(`\n${lines.join('\n')}\n`);
    // Coverage and a failed threshold are reported later than this: in a single run, wait for the very end.
    if (this.#vitest?.config.watch === true) print();
    else process.once('exit', print);
  }
}

/** Reads `<regular expression>  # <reason>` lines; blank lines and lines that begin with `#` say nothing. */
function parseMaySkip(text: string): readonly MaySkip[] {
  const entries = text.split('\n').map((line) => line.trim());
  return entries
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const at = line.search(/\s#/);
      const reason = at === -1 ? '' : line.slice(at + 2).trim();
      if (reason === '') throw new Error(`test/may-skip.txt: no "# reason" after ${line}`);
      return { pattern: new RegExp(line.slice(0, at).trim()), reason };
    });
}

function countTests(modules: readonly TestModule[], filtered: boolean): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: [] };
  for (const module of modules) {
    // A file that does not load, or a hook that throws, is no test, but it is a failure.
    tally.failed += countSuiteErrors(module);
    for (const test of module.children.allTests()) countTest(tally, test, filtered);
  }
  return tally;
}

function countSuiteErrors(suite: TestModule | TestSuite): number {
  let count = suite.errors().length > 0 ? 1 : 0;
  for (const child of suite.children.suites()) count += countSuiteErrors(child);
  return count;
}

function countTest(tally: Tally, test: TestCase, filtered: boolean): void {
  const result = test.result();
  if (result.state === 'passed') tally.passed += 1;
  else if (result.state === 'skipped') {
    const reason = result.note ?? (test.options.mode === 'todo' ? 'to do' : undefined);
    // With `-t PATTERN`, the tests that nobody asked for are skipped too.
    if (reason === undefined && filtered) return;
    tally.skipped.push({
      name: `${test.module.relativeModuleId} > ${test.fullName}`,
      reason: reason ?? 'no reason given',
    });
  }
  // `pending`: the run ended before the test did.
  else tally.failed += 1;
}

function formatTally(tally: Tally): string[] {
  const skips = tally.skipped.map(({ name, reason }) => `skipped: ${name}: ${reason}`);
  return [
    ...skips,
    `${String(tally.passed)} passed, ${String(tally.failed)} failed, ${String(tally.skipped.length)} skipped`,
  ];
}

/** Makes the run fail for the skips that are not allowed, and returns the words for it. */
function refuseSkips(skipped: Tally['skipped']): string[] {
  const allowed = parseMaySkip(readMaySkip());
  const refused = skipped.filter(({ name }) => !allowed.some(({ pattern }) => pattern.test(name)));
  if (refused.length === 0) return [];
  process.exitCode = 1;
  return [
    'CORRAL_MUST_RUN=1, and these tests were skipped (test/may-skip.txt names those that may be):',
    ...refused.map(({ name }) => `  ${name}`),
  ];
}

function readMaySkip(): string {
  try {
    return readFileSync(MAY_SKIP_FILE, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
