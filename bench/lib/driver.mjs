// Processes that measure on request: the bench writes a number, the process answers with that many microseconds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One such process. It is started once, and what its start takes is measured nowhere. */
export class Driver {
  #command;
  #options;
  #child;
  #lines;

  /**
   * @param {readonly string[]} command
   * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
   */
  constructor(command, options = {}) {
    this.#command = command;
    this.#options = options;
  }

  async start() {
    const [file, ...args] = this.#command;
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], ...this.#options });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    await once(this.#child, 'spawn');
  }

  get pid() {
    return this.#child.pid;
  }

  /**
   * Sends one line and returns the line that comes back.
   *
   * @returns {Promise<string>}
   */
  async ask(line) {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#command.join(' ')}: ended without an answer`);
    return value;
  }

  /** @returns {Promise<number[]>} microseconds */
  async sample(count) {
    return (await this.ask(count)).split(' ').map(Number);
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.stdin.end();
    await once(this.#child, 'exit');
  }
}

/** A driver as a participant of {@link import('./interleave.mjs').interleave}. */
export function driven(name, command, { perRound, ...options } = {}) {
  const driver = new Driver(command, options);
  return {
    name,
    ...(perRound !== undefined && { perRound }),
    start: () => driver.start(),
    sample: (count) => driver.sample(count),
    stop: () => driver.stop(),
  };
}
