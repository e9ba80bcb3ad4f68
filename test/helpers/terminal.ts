import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { until } from './lab.js';

/** How a terminal is opened. */
export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What is shown where nothing runs. */
const PROMPT = '$ ';

/**
 * A real terminal with a shell in it: a tmux of its own, which belongs to the test and ends with it. Needs the programs `tmux`
 * and `bash`.
 */
export class Terminal implements Disposable {
  readonly #socket = `corral-test-${randomBytes(4).toString('hex')}`;

  private constructor() {
    // See open().
  }

  /** Opens a terminal and waits for its first prompt. */
  static async open({ columns, rows, env = {}, cwd = '/' }: TerminalOptions): Promise<Terminal> {
    const terminal = new Terminal();
    const variables = {
      PATH: process.env['PATH'] ?? '',
      HOME: '/',
      LANG: 'C.UTF-8',
      PS1: PROMPT,
      // Tells that the shell is ready for the next command: nobody has to look at the screen for it.
      PROMPT_COMMAND: 'tmux wait-for -S prompt',
      ...env,
    };
    const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    terminal.#tmux(
      ...['-u', '-f', '/dev/null', 'set-option', '-g', 'history-limit', '10000', ';'],
      ...['set-option', '-g', 'status', 'off', ';', 'set-option', '-g', 'default-terminal', 'tmux-256color', ';'],
      ...['new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', cwd],
      ...['env', ...words, 'bash', '--norc', '--noprofile', '-i'],
    );
    await terminal.untilPrompt();
    return terminal;
  }

  /** Types text, as it is. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Presses a key that has a name: `Enter`, `C-c`, `q`. */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  /** Types a command and presses Enter. */
  enter(command: string): void {
    this.type(command);
    this.press('Enter');
  }

  /** Waits until the shell is ready for the next command. Once for each. */
  async untilPrompt(): Promise<void> {
    await promisify(execFile)('tmux', ['-L', this.#socket, 'wait-for', 'prompt']);
    // The prompt itself is written a moment later.
    await until(() => this.screen().split('\n').at(-1) === PROMPT.trimEnd(), 'the prompt is there');
  }

  /** What is on the screen, without blanks at the ends of lines and lines at the end. */
  screen(options: { readonly colours?: true } = {}): string {
    return tidy(this.#tmux('capture-pane', '-p', ...(options.colours === true ? ['-e'] : [])));
  }

  /** The same, with all that has scrolled off; a line that the terminal has wrapped is one line. */
  transcript(): string {
    return tidy(this.#tmux('capture-pane', '-p', '-J', '-S', '-'));
  }

  /** Forgets all that was shown, but for the prompt. */
  async clear(): Promise<void> {
    this.enter('clear');
    await this.untilPrompt();
    this.#tmux('clear-history');
  }

  /** Gives the terminal another size, as a user does with the mouse. */
  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server');
  }

  #tmux(...words: readonly string[]): string {
    // Not inside another tmux, if the tests themselves run in one.
    const { TMUX: _, ...env } = process.env;
    return execFileSync('tmux', ['-L', this.#socket, ...words], { encoding: 'utf8', env });
  }
}

function tidy(text: string): string {
  return text.replace(/[ \t]+$/gm, '').trimEnd();
}
