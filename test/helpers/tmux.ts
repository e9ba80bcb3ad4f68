import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TIME_SCALE } from './scale.js';

const execute = promisify(execFile);

/** How a screen is opened. */
export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** Where its first program starts. */
  readonly cwd?: string;
}

/** A terminal as people have it, drawn by tmux: what is read from it is what they would see. */
export class Screen {
  readonly #directory = mkdtempSync(join(tmpdir(), 'corral-test-tmux-'));
  readonly #env: NodeJS.ProcessEnv;

  private constructor(env: NodeJS.ProcessEnv) {
    const { TMUX: _, ...own } = process.env;
    this.#env = { ...own, ...env, TMUX_TMPDIR: this.#directory };
  }

  /** Opens one, of 80 columns and 24 rows unless told otherwise. */
  static async open(
    command: readonly string[],
    env: NodeJS.ProcessEnv,
    { columns = 80, rows = 24, cwd = '/' }: ScreenOptions = {},
  ): Promise<Screen> {
    const screen = new Screen(env);
    const size = ['-x', String(columns), '-y', String(rows)];
    // All characters; and what has scrolled off, as far as any test writes.
    const setUp = ['-u', '-f', '/dev/null', 'set-option', '-g', 'history-limit', '10000', ';'];
    await screen.tmux(...setUp, 'new-session', '-d', ...size, '-c', cwd, ...command);
    return screen;
  }

  /** Presses keys, by tmux's names: `C-c`, `Escape`, `Enter`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.tmux('send-keys', ...keys);
  }

  /** Types text. */
  async type(text: string): Promise<void> {
    await this.tmux('send-keys', '-l', text);
  }

  async enter(line: string): Promise<void> {
    await this.type(line);
    await this.press('Enter');
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Returns the rows as they are now. */
  async rows(): Promise<readonly string[]> {
    return (await this.capture()).split('\n').slice(0, -1);
  }

  /** Returns what is to be seen. @param how - of capture-pane in tmux(1): `-e` with colours, `-S -` with all that has scrolled off */
  capture(...how: readonly string[]): Promise<string> {
    return this.tmux('capture-pane', '-p', ...how);
  }

  /** Waits until the screen is as told. @returns the rows */
  async shows(what: string, test: (rows: readonly string[]) => boolean): Promise<readonly string[]> {
    const deadline = performance.now() + 15_000 * TIME_SCALE;
    for (;;) {
      const rows = await this.rows();
      if (test(rows)) return rows;
      if (performance.now() > deadline) throw new Error(`the screen never showed ${what}, but:\n${rows.join('\n')}`);
      await delay(30);
    }
  }

  /** Closes it: whatever runs there is hung up. */
  async close(): Promise<void> {
    await this.tmux('kill-server').catch(() => undefined); // it may have ended with its last program
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Runs a command of tmux(1). @returns what it says */
  async tmux(...words: readonly string[]): Promise<string> {
    const { stdout } = await execute('tmux', words, { env: this.#env });
    return stdout;
  }
}
