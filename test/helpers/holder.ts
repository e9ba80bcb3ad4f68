import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type AdoptOptions, type Adoption, adoptContainer } from '../../src/container/adopt.js';
import type { Container } from '../../src/container/container.js';
import type { ContainerResult } from '../../src/container/result.js';
import { Store } from '../../src/container/store.js';
import type { SupervisedSpawnOptions } from '../../src/container/supervised.js';
import type { Job } from './holder-process.js';
import type { Lab } from './lab.js';
import { killHard } from './owner.js';

const SOURCES = fileURLToPath(new URL('../../src/native', import.meta.url));

/** A process that owns one container, as a supervisor does, and can be killed. */
export interface Holder {
  readonly child: ChildProcess;
  /** What it has said, and the container's terminal with it. */
  readonly text: () => string;
  /** Types to the terminal, or writes to standard input. */
  readonly type: (text: string) => void;
  /** How the container ended, where it was told that. */
  readonly told: () => readonly ContainerResult[];
  /** Kills it without a chance to do anything more, and waits for its end. */
  readonly die: () => Promise<void>;
}

/** How such processes are started in the tests of one file, and their containers taken over. */
export interface Holders {
  /** The container's name is `box`. Waits until the holder says `until`. */
  readonly start: (
    command: readonly string[],
    options?: Omit<Partial<SupervisedSpawnOptions>, 'onEnd'>,
    until?: 'ready' | 'started',
  ) => Promise<Holder>;
  readonly adopt: (options?: AdoptOptions) => Promise<Adoption>;
  /** The same for a container that must be there to be taken over. */
  readonly take: (options?: AdoptOptions) => Promise<Container>;
}

/** Makes what starts them. Whatever still runs after a test is killed. */
export function makeHolders(lab: Lab): Holders {
  const directory = mkdtempSync(join(tmpdir(), 'corral-holder-'));
  const program = join(directory, 'holder.mjs');
  const running: ChildProcess[] = [];
  const adopted: Container[] = [];
  let count = 0;
  beforeAll(async () => {
    await build({
      entryPoints: [fileURLToPath(new URL('holder-process.ts', import.meta.url))],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      define: { 'import.meta.dirname': JSON.stringify(SOURCES) },
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      logLevel: 'warning',
    });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(end));
    await Promise.allSettled(adopted.splice(0).map((container) => container.kill()));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const store = new Store(lab.stateDir);
  const adopt = async (options: AdoptOptions = {}): Promise<Adoption> => {
    const adoption = await adoptContainer(store, 'box', options);
    if (adoption.outcome === 'adopted') adopted.push(adoption.container);
    return adoption;
  };
  return {
    adopt,
    take: async (options) => {
      const adoption = await adopt(options);
      if (adoption.outcome !== 'adopted') throw new Error(`it is ${adoption.outcome}`);
      return adoption.container;
    },
    start: async (command, options = {}, until = 'started') => {
      const record = join(directory, `record-${String((count += 1))}`);
      const job: Job = { command, options: { run: 1, ...lab.options, name: 'box', ...options }, record };
      const child = spawn(process.execPath, [program, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit'] });
      running.push(child);
      return hold(child, record, until);
    },
  };
}

async function hold(child: ChildProcess, record: string, until: string): Promise<Holder> {
  let text = '';
  const started = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes(`${until}\n`)) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`the holder has ended: ${text}`));
    });
  });
  child.stdin?.on('error', () => undefined);
  await started;
  return {
    child,
    text: () => text,
    type: (typed) => child.stdin?.write(typed),
    told: () => (existsSync(record) ? readWholeLines(record) : []),
    die: () => end(child),
  };
}

// It may have been killed before a line was whole: that was not told.
function readWholeLines(record: string): readonly ContainerResult[] {
  const lines = readFileSync(record, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as ContainerResult);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await killHard(child);
}
