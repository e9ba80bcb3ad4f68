import { appendFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node';

/** What a test, a file or a whole run came to, one JSON text a line. `lib/tally.mjs` reads them. */
export type Line =
  | { readonly kind: 'started'; readonly file: string; readonly name: string }
  | {
      readonly kind: 'test';
      readonly file: string;
      readonly name: string;
      readonly state: 'passed' | 'failed' | 'skipped';
      /** Why it was skipped, or what has failed. */
      readonly text?: string;
    }
  | { readonly kind: 'error'; readonly file: string; readonly text: string }
  | { readonly kind: 'file'; readonly file: string; readonly ms: number }
  | { readonly kind: 'end' };

/** Writes each result as soon as it is known, so that a guest whose time is over still tells what it has done. */
export class LinesReporter implements Reporter {
  readonly #path: string;
  readonly #written = new Set<string>();

  /** @param path - the file that the lines are added to */
  constructor(path: string) {
    this.#path = path;
  }

  onTestCaseReady(test: TestCase): void {
    this.#write({ kind: 'started', ...nameOf(test) });
  }

  onTestCaseResult(test: TestCase): void {
    this.#writeTest(test);
  }

  onTestModuleEnd(module: TestModule): void {
    // Those that were skipped as a suite have had no result of their own.
    for (const test of module.children.allTests()) this.#writeTest(test);
    for (const error of collectErrors(module))
      this.#write({ kind: 'error', file: fileOf(module), text: format(error) });
    this.#write({ kind: 'file', file: fileOf(module), ms: Math.round(module.diagnostic().duration) });
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const error of unhandled) this.#write({ kind: 'error', file: '', text: format(error) });
    this.#write({ kind: 'end' });
  }

  #writeTest(test: TestCase): void {
    const result = test.result();
    if (result.state === 'pending' || this.#written.has(test.id)) return;
    this.#written.add(test.id);
    const text = result.state === 'skipped' ? result.note : result.errors?.map(format).join('\n');
    this.#write({ kind: 'test', ...nameOf(test), state: result.state, ...(text === undefined ? {} : { text }) });
  }

  #write(line: Line): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}

function fileOf(module: TestModule): string {
  return module.relativeModuleId.replace(/^test\/integration\//, '');
}

function nameOf(test: TestCase): { file: string; name: string } {
  return { file: fileOf(test.module), name: test.fullName };
}

/** A file that does not load, or a hook that throws, is no test, but it is a failure. */
function collectErrors(suite: TestModule | TestSuite): SerializedError[] {
  return [...suite.errors(), ...[...suite.children.suites()].flatMap(collectErrors)];
}

function format({ message, stacks }: SerializedError): string {
  const [top] = stacks ?? [];
  const where = top === undefined ? '' : ` (${top.file.replace(/^.*[/]test[/]/, 'test/')}:${top.line})`;
  return `${message}${where}`;
}
