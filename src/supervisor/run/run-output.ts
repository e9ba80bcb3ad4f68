import type { Container } from '../../container/container.js';
import type { ChosenOutput } from '../../container/supervised.js';
import type { Attachment } from '../attachment.js';
import { attachTo } from './attach.js';
import { Brake } from './brake.js';
import type { ContainerLog, LogOwner, LogStreams } from '../logs/container-log.js';
import { openLog } from '../logs/open.js';
import type { ContainerRecord } from '../record/record.js';
import { TerminalHub } from './terminal-hub.js';

/** What becomes of the output of one run: its log, and those who are attached. */
export class RunOutput {
  readonly #directory: string;
  readonly #record: ContainerRecord;
  readonly #log: ContainerLog;
  readonly #ended = new AbortController();
  #streams: LogStreams | undefined;
  #hub: TerminalHub | undefined;

  /** @param directory - of the container, in which its log is @throws SyscallError */
  constructor(directory: string, record: ContainerRecord) {
    this.#directory = directory;
    this.#record = record;
    this.#log = openLog(directory, record.options.supervision.log, {
      terminal: this.#hasTerminal,
      onBehind: () => {
        this.#hub?.hold(true);
      },
      onCaughtUp: () => {
        this.#hub?.hold(false);
      },
      onError: (error) => {
        process.emitWarning(`log of ${record.id}: ${error.message}`, 'CORRAL_LOG');
      },
    });
  }

  /** Its init is to hold what {@link open} says. */
  get isKept(): boolean {
    return !this.#hasTerminal && this.#record.options.supervision.log.driver === 'json';
  }

  /** Opens what the container is connected to. @param owner - the host ids of its user, where those are not the caller's */
  open(owner: LogOwner | undefined): ChosenOutput {
    if (this.#hasTerminal) return {};
    this.#streams = this.#log.openStreams(owner);
    const { stdout, stderr, kept } = this.#streams;
    return { stdout, stderr, kept };
  }

  /** Connects it with the container, which runs. @returns what holds that still */
  connect(container: Container): Brake {
    this.#streams?.close();
    this.#streams = undefined;
    const wasPaused = this.#record.paused === true;
    // Whoever died between holding it and noting that has left it standing still.
    if (!wasPaused && container.describe().status === 'paused') container.resume().catch(() => undefined);
    if (container.terminal !== null) {
      this.#hub = new TerminalHub(container.terminal, (data) => {
        this.#log.appendTerminal(data);
      });
    }
    return new Brake(container, wasPaused);
  }

  /** Connects somebody with its streams or terminal. @throws UnsupportedError where there is nothing to connect to */
  attach(container: Container): Attachment {
    return attachTo(container, {
      hub: this.#hub,
      directory: this.#directory,
      policy: this.#record.options.supervision.log,
      ended: this.#ended.signal,
    });
  }

  /** Brings all that the run has written into the log: nothing of it is left that could write more. */
  async finish(): Promise<void> {
    this.#streams?.close();
    this.#hub?.end();
    try {
      await this.#log.finish();
    } catch (error) {
      // What is missing is still in the spools, for the next run, or the next supervisor.
      const text = error instanceof Error ? error.message : String(error);
      process.emitWarning(`log of ${this.#record.id}: ${text}`, 'CORRAL_LOG');
    }
    // Those who are attached read until now.
    this.#ended.abort();
  }

  get #hasTerminal(): boolean {
    const { terminal } = this.#record.options.container;
    return terminal !== undefined && terminal !== false;
  }
}
