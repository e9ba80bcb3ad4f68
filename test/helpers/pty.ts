import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from '../../src/container/container.js';
import type { SpawnOptions } from '../../src/container/spawn.js';
import type { Terminal } from '../../src/container/terminal.js';
import type { Lab } from './lab.js';
import { TIME_SCALE } from './scale.js';

/** Somebody at a terminal: types, and reads what is shown, in order. */
export class Typist {
  readonly #terminal: Terminal;
  #shown = '';
  /** Up to where it has been read. */
  #read = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.setEncoding('utf8').on('data', (text: string) => (this.#shown += text));
  }

  /** All that was shown so far. */
  get shown(): string {
    return this.#shown;
  }

  type(text: string): void {
    this.#terminal.write(text);
  }

  /** Types a line and Enter. */
  enter(line: string): void {
    this.type(`${line}\r`);
  }

  /** Reads on until a pattern has been shown, and to the end of that. @returns the match */
  async sees(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    const deadline = performance.now() + timeoutMs * TIME_SCALE;
    for (;;) {
      const match = pattern.exec(this.#shown.slice(this.#read));
      if (match !== null) {
        this.#read += match.index + match[0].length;
        return match;
      }
      if (performance.now() > deadline) {
        throw new Error(
          `${String(pattern)} was not shown in time, but ${JSON.stringify(this.#shown.slice(this.#read))}`,
        );
      }
      await delay(10);
    }
  }

  /** Types a line, and reads on until the answer. */
  async asks(line: string, answer: RegExp): Promise<RegExpExecArray> {
    this.enter(line);
    return this.sees(answer);
  }
}

/** Ctrl and a letter, as a terminal sends it. */
export const ctrl = (letter: string): string => String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f);

/** An interactive shell with job control and a prompt of its own, that draws nothing but text. */
export const bash = (prompt: string): readonly string[] => [
  'env',
  `PS1=${prompt}`,
  'bash',
  '--norc',
  '--noprofile',
  '--noediting',
  '-i',
];

/** A container with a terminal, and somebody at it. */
export interface Attended {
  readonly container: Container;
  readonly terminal: Terminal;
  readonly typist: Typist;
}

/** Starts a container with a terminal, and sits down at it. */
export async function attend(lab: Lab, command: readonly string[], options: SpawnOptions = {}): Promise<Attended> {
  const container = await lab.spawn(command, { terminal: true, ...options });
  const terminal = container.terminal!;
  return { container, terminal, typist: new Typist(terminal) };
}
