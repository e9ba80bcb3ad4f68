import { Screen, type ScreenOptions } from './tmux.js';

/** How a terminal is opened. */
export interface TerminalOptions extends ScreenOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** What is shown where nothing runs. */
const PROMPT = '$ ';

/** A terminal with a shell that says when it is ready. Needs the programs `tmux` and `bash`. */
export class Terminal implements AsyncDisposable {
  readonly #screen: Screen;

  private constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Opens a terminal and waits for its first prompt. */
  static async open({ env = {}, ...options }: TerminalOptions): Promise<Terminal> {
    const variables = {
      PATH: process.env['PATH'] ?? '',
      LANG: 'C.UTF-8',
      PS1: PROMPT,
      // The shell is ready for the next command: nobody has to look at the screen for it.
      PROMPT_COMMAND: 'tmux wait-for -S prompt',
      ...env,
    };
    const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const screen = await Screen.open(['env', ...words, 'bash', '--norc', '--noprofile', '-i'], {}, options);
    const terminal = new Terminal(screen);
    await terminal.untilPrompt();
    return terminal;
  }

  /** Types a command and presses Enter. */
  enter(command: string): Promise<void> {
    return this.#screen.enter(command);
  }

  /** Types a command, presses Enter, and waits until the shell is ready for the next one. */
  async run(command: string): Promise<void> {
    await this.enter(command);
    await this.untilPrompt();
  }

  /** Presses a key that has a name: `Enter`, `C-c`, `q`. */
  press(key: string): Promise<void> {
    return this.#screen.press(key);
  }

  /** Gives the terminal another size, as a user does with the mouse. */
  resize(columns: number, rows: number): Promise<void> {
    return this.#screen.resize(columns, rows);
  }

  /** Waits until the shell is ready for the next command. Once for each. */
  async untilPrompt(): Promise<void> {
    await this.#screen.tmux('wait-for', 'prompt');
    // The prompt itself is written a moment later.
    await this.shows(/(^|\n)\$$/);
  }

  /** Waits until what is on the screen is as told. @returns it */
  async shows(expected: RegExp): Promise<string> {
    await this.#screen.shows(String(expected), (rows) => expected.test(tidy(rows.join('\n'))));
    return this.screen();
  }

  /** What is on the screen, without blanks at the ends of lines and lines at the end. */
  async screen(options: { readonly colours?: true } = {}): Promise<string> {
    return tidy(await this.#screen.capture(...(options.colours === true ? ['-e'] : [])));
  }

  /** The same, with all that has scrolled off; a line that the terminal has wrapped is one line. */
  async transcript(): Promise<string> {
    return tidy(await this.#screen.capture('-J', '-S', '-'));
  }

  /** Forgets all that was shown, but for the prompt. */
  async clear(): Promise<void> {
    await this.run('clear');
    await this.#screen.tmux('clear-history');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#screen.close();
  }
}

function tidy(text: string): string {
  return text.replace(/[ \t]+$/gm, '').trimEnd();
}
