import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TIME_SCALE } from './scale.js';

const execute = promisify(execFile);

/** A terminal as people have it, drawn by tmux: what is read from it is what they would see. */
export class Screen {
  readonly #directory = mkdtempSync(join(tmpdir(), 'corral-test-tmux-'));
  readonly #env: NodeJS.ProcessEnv;

  private constructor(env: NodeJS.ProcessEnv) {
    const { TMUX: _, ...own } = process.env;
    this.#env = { ...own, ...env, TMUX_TMPDIR: this.#directory };
  }

  /** Opens one of 80 columns and 24 rows. */
  static async open(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Screen> {
    const screen = new Screen(env);
    await screen.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', ...command);
    return screen;
  }

  /** Presses keys, by tmux's names: `C-c`, `Escape`, `Enter`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** Types text. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text);
  }

  async enter(line: string): Promise<void> {
    await this.type(line);
    await this.press('Enter');
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Returns the rows as they are now. */
  async rows(): Promise<readonly string[]> {
    const text = await this.#tmux('capture-pane', '-p');
    return text.split('\n').slice(0, -1);
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
    await this.#tmux('kill-server').catch(() => undefined); // it may have ended with its last program
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #tmux(...words: readonly string[]): Promise<string> {
    const { stdout } = await execute('tmux', words, { env: this.#env });
    return stdout;
  }
}
