// A supervisor with many sleeping containers, and what they cost: everything that (i) measures of corral.
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readMemoryKb, readRuns } from './proc.mjs';
import { BenchSupervisor } from './supervisor.mjs';
import { CORRAL } from './workspace.mjs';

/** The kernel takes mounts and network namespaces apart in the background; the next figures are to be without that. */
const SETTLE_MS = 3000;
export const IDLE_SECONDS = 10;
const AT_A_TIME = 4;
const WARM_UP = 40;
const TOLD_EVERY = 250;
const call = promisify(execFile);

/** What is timed, at each number of live containers. */
export const TIMED = ['start of one more', 'GET /v1/containers', 'corral ps'];

export class SupervisedBench {
  #supervisor = new BenchSupervisor('bench-i');
  #count;
  #say;
  /** Of {@link TIMED}, by the number of live containers: microseconds, a list for each round. */
  times = Object.fromEntries(TIMED.map((name) => [name, new Map()]));

  /** @param {{ count: number, say: (text: string) => void }} how - how often each thing is timed in a round */
  constructor({ count, say }) {
    this.#count = count;
    this.#say = say;
  }

  /** Ends all that it has started, at any time. */
  async clearAway() {
    await this.#supervisor.clearAway();
  }

  /** Starts the supervisor, and has it do all that it will do once. @returns what it holds then */
  async warmUp() {
    await this.#supervisor.start();
    await this.fill(WARM_UP, 'json');
    await this.#timeOnce(2);
    await this.empty();
    return this.measure();
  }

  /** Has so many live. @param driver - of their logs */
  async fill(wanted, driver) {
    const { client } = this.#supervisor;
    let next = 0;
    const worker = async () => {
      while (next < wanted) {
        const index = next++;
        await client.create(this.#sleeper(`live-${index}`, driver));
        if ((index + 1) % TOLD_EVERY === 0) this.#say(`${index + 1} live`);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    await delay(SETTLE_MS);
  }

  /** Removes all. @returns milliseconds */
  async empty() {
    const before = performance.now();
    await this.#supervisor.removeAll();
    const ms = performance.now() - before;
    await delay(SETTLE_MS);
    return ms;
  }

  /** What the supervisor holds, as it is and after a collection of garbage. */
  async measure() {
    const { pssKb } = await this.#supervisor.measure();
    return { ...(await this.#supervisor.measure({ collects: true })), pssBeforeKb: pssKb };
  }

  /** What each corral-init has in memory, in KB. */
  async measureInits() {
    return (await this.#inits()).map((pid) => readMemoryKb(pid));
  }

  async #inits() {
    return (await this.#supervisor.client.list()).map(({ pid }) => pid);
  }

  /** How much all of it does when there is nothing to do. */
  async measureIdle() {
    const inits = await this.#inits();
    await delay(SETTLE_MS);
    const look = () => [this.#supervisor.readRuns(), sum(inits.map(readRuns))];
    const before = look();
    await delay(IDLE_SECONDS * 1000);
    const [supervisor, all] = look().map(({ ms, wakeUps }, index) => ({
      ms: ms - before[index].ms,
      wakeUps: wakeUps - before[index].wakeUps,
    }));
    return { supervisor, inits: all };
  }

  /** One more round of all that is timed. */
  async time(level) {
    const round = await this.#timeOnce(this.#count);
    for (const name of TIMED) {
      const rounds = this.times[name];
      rounds.set(level, [...(rounds.get(level) ?? []), round[name]]);
    }
  }

  async #timeOnce(count) {
    const { client, stateDir } = this.#supervisor;
    const round = Object.fromEntries(TIMED.map((name) => [name, []]));
    const timed = async (name, act) => {
      const before = performance.now();
      await act();
      round[name].push((performance.now() - before) * 1000);
    };
    for (let turn = 0; turn < count; turn++) {
      await timed('start of one more', () => client.create(this.#sleeper('one-more', 'json')));
      await client.remove('one-more', { force: true });
      await timed('GET /v1/containers', () => client.list());
      await timed('corral ps', () => call(process.execPath, [CORRAL, 'ps', '--state-dir', stateDir], MUCH));
    }
    return round;
  }

  /**
   * Kills the supervisor, and starts another one.
   *
   * @returns milliseconds from its start until it answers, and until all that ran before is running again in its list
   */
  async takeOver() {
    const before = new Set(await this.#inits());
    await this.#supervisor.kill();
    const began = performance.now();
    const answersMs = await this.#supervisor.start();
    const found = await this.#supervisor.client.list();
    const knowsAllMs = performance.now() - began;
    const lost = before.size - found.filter(({ pid, status }) => status === 'running' && before.has(pid)).length;
    if (lost > 0) throw new Error(`${lost} of ${before.size} containers were not taken over`);
    await delay(SETTLE_MS);
    return { answersMs, knowsAllMs };
  }

  #sleeper(name, driver) {
    return {
      command: ['sleep', 'infinity'],
      container: { name, cgroupParent: this.#supervisor.cgroupParent },
      supervision: { restart: { name: 'no' }, log: { driver } },
    };
  }
}

const MUCH = { maxBuffer: 64 * 2 ** 20 };

const sum = (runs) =>
  runs.reduce((all, { ms, wakeUps }) => ({ ms: all.ms + ms, wakeUps: all.wakeUps + wakeUps }), { ms: 0, wakeUps: 0 });
