import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { LogPolicy } from '../../src/supervisor/types.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles log-worker.ts, for plain Node. @param directory - of the tests, in which the file is made @returns its path */
export async function bundleLogWorker(directory: string): Promise<string> {
  const outfile = join(directory, 'log-worker.mjs');
  await build({
    entryPoints: [join(root, 'test/helpers/log-worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // The addon is found from there.
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'src/native')) },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return outfile;
}

/** A process that keeps a log. */
export class LogWorker {
  /** What it has said, beside `ready`. */
  readonly said: string[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ready: Promise<unknown>;
  readonly #gone: Promise<unknown>;

  /** @param wrapper - a command that becomes the process in the end */
  constructor(script: string, directory: string, policy: LogPolicy, wrapper: readonly string[] = []) {
    const [command, ...args] = [...wrapper, process.execPath, script, JSON.stringify({ directory, policy })] as const;
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(this.#child.stdout);
    lines.on('line', (line) => {
      if (line !== 'ready') this.said.push(line);
    });
    this.#ready = once(lines, 'line');
    this.#gone = once(this.#child, 'close');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Its directory, for this process: it may have mounts of its own. @param path - absolute */
  pathOf(path: string): string {
    return `/proc/${String(this.pid)}/root${path}`;
  }

  /** Returns once it keeps the log. */
  async ready(): Promise<void> {
    await this.#ready;
  }

  /** Kills it, and returns once it is dead. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  /** Has it finish the log. */
  askToFinish(): void {
    this.#child.stdin.end('.');
  }

  /** Has it finish the log. @returns the last that it says */
  async finish(): Promise<string | undefined> {
    await this.#ready;
    this.askToFinish();
    await this.#gone;
    return this.said.at(-1);
  }
}
