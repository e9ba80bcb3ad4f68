import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import { removeParents } from '../../../src/container/leaving.js';
import { spawn } from '../../../src/container/spawn.js';
import { until } from '../../helpers/lab.js';
import { findByArgument, listParents } from '../../helpers/leaks.js';
import { Typist } from '../../helpers/pty.js';
import { type CliLab, MAIN } from './cli-lab.js';

/** A terminal of the host's that somebody sits at; what it runs on is corral's own isolation of the cgroup alone. */
export interface Seat extends Typist {
  readonly container: Container;
}

/** Terminals of the host's, and what is typed there. */
export interface Seats {
  /** Sits down at one on which something runs. It is 80 by 24. */
  readonly sit: (command: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Seat>;
  /** `corral run` with these words, for a shell. */
  readonly runs: (words: readonly string[]) => string;
  /** A name for a container that nobody else has. */
  readonly newName: () => string;
  /** The process of the corral that has a word among its arguments, once it is there. */
  readonly pidOf: (name: string) => Promise<number>;
}

/** Makes the seats of one file. Who still sits there after a test is sent away. */
export function makeSeats(lab: CliLab): Seats {
  const taken: { readonly container: Container; readonly stateDir: string }[] = [];
  const cgroupParent = `${lab.cgroupParent}-seat`;
  let count = 0;
  afterAll(() => {
    removeParents();
    expect(listParents(cgroupParent), 'the directories above the seats are gone').toEqual([]);
  });
  afterEach(async () => {
    for (const { container, stateDir } of taken.splice(0)) {
      await container.kill();
      rmSync(stateDir, { recursive: true });
    }
  });
  return {
    sit: async (command, env = {}) => {
      const stateDir = mkdtempSync(join(tmpdir(), 'corral-test-seat-'));
      const container = await spawn(command, {
        isolation: 'cgroup',
        terminal: true,
        stateDir,
        cgroupParent,
        env: { CORRAL_STATE_DIR: lab.stateDir, TERM: 'xterm', NO_COLOR: '1', ...env },
      });
      taken.push({ container, stateDir });
      return Object.assign(new Typist(container.terminal), { container });
    },
    runs: (words) => corral(lab.runWords(['-q', ...words])),
    newName: () => `seated-${String(process.pid)}-${String(count++)}`,
    pidOf: async (name) => {
      let pid: number | undefined;
      // Whoever is found once may not be found again: it is in the middle of an exec.
      await until(() => (pid = findByArgument(name)[0]) !== undefined, `${name} runs`);
      return pid!;
    },
  };
}

/** The words of corral, for a shell. */
export function corral(words: readonly string[]): string {
  return [process.execPath, MAIN, ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/**
 * A script that runs a command, says how that ended, and whether it left the terminal as it was found: see {@link LEFT}. Then
 * it reads a line.
 */
export function watched(command: string): readonly string[] {
  const script = [
    'trap : INT',
    'before=$(stty -g)',
    command,
    'code=$?',
    'after=$(stty -g)',
    '[ "$before" = "$after" ] && echo "left as found, code $code" || echo "left otherwise, code $code"',
    'read line',
    'echo "got $line"',
  ];
  return ['sh', '-c', script.join('; ')];
}

/** What {@link watched} says. */
export const LEFT = /left (as found|otherwise), code (\d+)\r\n/;
