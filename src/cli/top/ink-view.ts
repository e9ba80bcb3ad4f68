import { EventEmitter } from 'node:events';
import { isatty } from 'node:tty';
import { Box, type Instance, type Key, Text, render, useInput } from 'ink';
import { type ReactNode, createElement } from 'react';
import stringWidth from 'string-width';
import { CODES } from '../control-codes.js';
import { printOut } from '../print.js';
import type { Paint } from '../style.js';
import { rulerBy } from '../width.js';
import type { Line, Size } from './model/screen.js';
import { type SessionOptions, TopSession } from './session.js';

/** What the view is shown with. */
export interface TopView extends Omit<SessionOptions, 'ruler'> {
  readonly paint: Paint;
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The first rates need not wait for long. */
const FIRST_INTERVAL_MS = 250;

/**
 * Shows containers on the whole terminal, which standard output is, until a key or a signal ends it, or there is nothing left
 * to see. The terminal is then as it was, however it ends. A signal that has asked for the end then ends this process.
 */
export async function showTop(view: TopView): Promise<void> {
  const screen = new InkScreen(view);
  try {
    await screen.show();
  } finally {
    screen.close();
  }
}

class InkScreen {
  readonly #view: TopView;
  readonly #session: TopSession;
  /** Keys come one by one, unless standard input is something else. */
  readonly #hasKeys = isatty(0);
  readonly #end = new AbortController();
  readonly #output = new FrameOutput();
  #ink: Instance | undefined;
  #isOpen = false;
  #endedBy: NodeJS.Signals | undefined;

  constructor(view: TopView) {
    this.#view = view;
    this.#session = new TopSession(
      { ...view, ruler: rulerBy(stringWidth) },
      {
        onChange: () => this.#draw(),
        onQuit: () => this.#end.abort(),
        onSuspend: () => this.#suspend(),
        onRedraw: () => this.#drawAnew(),
      },
    );
  }

  async show(): Promise<void> {
    const { signal } = this.#end;
    this.#session.resize(this.#output.size);
    // Before anything is drawn: an error is then told of on the usual screen.
    if (!(await this.#session.refresh())) return;
    this.#open();
    process.stdout.on('resize', this.#drawAnew).on('error', this.#abort);
    if (this.#hasKeys) for (const event of ['end', 'error', 'close']) process.stdin.on(event, this.#abort);
    for (const name of ENDING) process.on(name, this.#onSignal);
    process.on('exit', this.#leave).on('uncaughtExceptionMonitor', this.#leave);
    const { intervalMs } = this.#view;
    for (let waitMs = Math.min(intervalMs, FIRST_INTERVAL_MS); ; waitMs = intervalMs) {
      await pause(waitMs, signal);
      if (signal.aborted || !(await this.#session.refresh())) return;
    }
  }

  /** Restores the terminal. */
  close(): void {
    this.#leave();
    for (const event of ['end', 'error', 'close']) process.stdin.off(event, this.#abort);
    if (this.#hasKeys) process.stdin.pause();
    process.stdout.off('resize', this.#drawAnew).off('error', this.#abort);
    for (const name of ENDING) process.off(name, this.#onSignal);
    process.off('exit', this.#leave).off('uncaughtExceptionMonitor', this.#leave);
    if (this.#endedBy !== undefined) process.kill(process.pid, this.#endedBy);
  }

  #open(): void {
    this.#isOpen = true;
    printOut(CODES.alternateScreen);
    this.#output.forget();
    this.#session.resize(this.#output.size);
    this.#ink = render(this.#content(), {
      stdout: this.#output as unknown as NodeJS.WriteStream,
      exitOnCtrlC: false,
      patchConsole: false,
      // It hands out whole frames then, and leaves it to the output how they get onto the screen.
      debug: true,
    });
  }

  #draw(): void {
    this.#ink?.rerender(this.#content());
  }

  readonly #drawAnew = (): void => {
    this.#output.forget();
    this.#session.resize(this.#output.size);
    this.#draw();
  };

  #content(): ReactNode {
    // One text for all lines, which are as wide as they may be already: Ink's time goes by the number of its nodes.
    const text = this.#session.draw().map((line) => paintLine(line, this.#view.paint));
    const keys = this.#hasKeys ? [createElement(Keys, { key: 'keys', onKey: this.#onKey })] : [];
    return createElement(Box, { flexDirection: 'column' }, createElement(Text, null, text.join('\n')), ...keys);
  }

  readonly #onKey = (key: string): void => this.#session.press(key);

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#ink?.unmount();
    this.#ink = undefined;
    if (this.#hasKeys) process.stdin.setRawMode(false);
    printOut(CODES.usualScreen);
  };

  // In raw mode Ctrl-Z is a key, and what it does elsewhere has to be done here.
  #suspend(): void {
    this.#leave();
    process.once('SIGCONT', () => this.#open());
    process.kill(process.pid, 'SIGTSTP');
  }

  readonly #abort = (): void => this.#end.abort();

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // Ctrl-C, where it is not a key.
    if (signal !== 'SIGINT') this.#endedBy = signal;
    this.#end.abort();
  };
}

/**
 * The terminal as Ink is to see it: what it writes is a whole frame, of which only lines that have changed are written on.
 * Ink's own way of doing that leaves lines behind, and clears what has scrolled off.
 */
class FrameOutput extends EventEmitter {
  readonly isTTY = true;
  #lines: readonly string[] | undefined;

  get size(): Size {
    const { columns, rows } = process.stdout;
    // A terminal that does not know its size says 0.
    return { columns: columns || 80, rows: rows || 24 };
  }

  get columns(): number {
    return this.size.columns;
  }

  get rows(): number {
    return this.size.rows;
  }

  /** Nothing that was written is there any more. */
  forget(): void {
    this.#lines = undefined;
  }

  write(frame: string): boolean {
    // What shows and hides the cursor is no frame; it is hidden all the time.
    if (frame.startsWith(CODES.cursor)) return true;
    const before = this.#lines;
    const lines = frame.split('\n');
    const changed = lines.flatMap((line, row) =>
      line === before?.[row] ? [] : [`\u001b[${String(row + 1)};1H${line}${CODES.clearLine}`],
    );
    this.#lines = lines;
    if (before !== undefined && changed.length === 0) return true;
    // Not by process.stdout, which hands on errors of a terminal that has hung up: SIGHUP tells of it.
    try {
      return printOut(
        `${CODES.beginUpdate}${before === undefined ? CODES.clear : ''}${changed.join('')}${CODES.endUpdate}`,
      );
    } catch {
      return false;
    }
  }
}

function Keys({ onKey }: { readonly onKey: (key: string) => void }): ReactNode {
  useInput((input, key) => {
    const name = keyName(input, key);
    // What is pasted, or typed fast, comes at once, and Ink then names none of it.
    if (name !== undefined) onKey(name);
    else for (const character of input) onKey(nameCharacter(character));
  });
  return null;
}

const NAMES: Readonly<Partial<Record<keyof Key, string>>> = {
  upArrow: 'up',
  downArrow: 'down',
  leftArrow: 'left',
  rightArrow: 'right',
  pageUp: 'pageup',
  pageDown: 'pagedown',
  home: 'home',
  end: 'end',
  return: 'enter',
  escape: 'escape',
  backspace: 'backspace',
  delete: 'backspace',
  tab: 'tab',
};

function keyName(input: string, key: Key): string | undefined {
  const found = (Object.keys(NAMES) as (keyof Key)[]).find((one) => key[one] === true);
  if (found !== undefined) return NAMES[found];
  return key.ctrl ? `ctrl-${input}` : undefined;
}

const CHARACTERS: Readonly<Partial<Record<string, string>>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
};

function nameCharacter(character: string): string {
  const code = character.charCodeAt(0);
  // Ctrl and a letter are the letter's place in the alphabet.
  return CHARACTERS[character] ?? (code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x60)}` : character);
}

function paintLine({ segments, selected }: Line, paint: Paint): string {
  const text = segments.map((segment) =>
    segment.tone === undefined ? segment.text : paint(segment.tone, segment.text),
  );
  // Not a colour: it is there with NO_COLOR, too.
  return selected === true ? `\u001b[7m${text.join('')}\u001b[27m` : text.join('');
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
