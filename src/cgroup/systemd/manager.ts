import { setTimeout as delay } from 'node:timers/promises';
import { ContainerError } from '../../errors/container-error.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import type { ScopePlan, UnitNumber, UnitProperty } from '../../plan/types.js';
import type { ScopeRef } from '../types.js';
import type { Bus, Signal } from './bus.js';
import { findSocket, listSockets } from './sockets.js';

const NAME = 'org.freedesktop.systemd1';
const MANAGER = `${NAME}.Manager`;
/** What libdbus, GDBus and sd-bus wait for an answer; a job of a scope takes some milliseconds. */
const TIMEOUT_MS = 25_000;

/** A systemd that does things to units: the system's own, or that of a user. */
export class Manager implements Disposable {
  readonly #bus: Bus;
  readonly #jobs = new Map<string, string>();
  #wake: () => void = () => undefined;
  #watching: Promise<void> | undefined;

  private constructor(bus: Bus) {
    this.#bus = bus;
  }

  /**
   * Connects to the caller's systemd.
   *
   * @throws UnsupportedError when there is none
   */
  static async connect(): Promise<Manager> {
    const uid = process.geteuid?.() ?? 0;
    const socket = findSocket(uid);
    if (socket === undefined) {
      const paths = listSockets(uid).map(({ path }) => path);
      throw new UnsupportedError('a scope of systemd', `one of ${paths.join(', ')}`);
    }
    const { connect } = await import('./bus.js');
    return new Manager(connect(socket, NAME, TIMEOUT_MS));
  }

  /**
   * Makes a scope around processes, which it takes out of the cgroup that they are in, and waits until that is done. The
   * cgroup is left to the caller (`Delegate=yes`), and goes with its last process. A slice it makes without any.
   *
   * @throws ContainerError with what systemd says; `ERR_UNIT_EXISTS` when there is such a unit
   * @see org.freedesktop.systemd1(5) StartTransientUnit
   */
  async startScope({ unit, slice, description, properties }: ScopePlan, pids: readonly number[]): Promise<void> {
    const isSlice = unit.endsWith('.slice');
    const all = [
      ...(isSlice ? [property('Wants', 'as', [slice])] : []),
      ...(isSlice ? [] : [property('PIDs', 'au', [...pids]), property('Delegate', 'b', true)]),
      ...(isSlice ? [] : [property('Slice', 's', slice)]),
      property('Description', 's', description),
      property('CollectMode', 's', 'inactive-or-failed'),
      ...properties.map(encode),
    ];
    const request = { member: 'StartTransientUnit', signature: 'ssa(sv)a(sa(sv))', body: [unit, 'fail', all, []] };
    await this.#run(`start ${unit}`, () => this.#runJob(request));
  }

  /**
   * Changes properties of a unit, for as long as it is there.
   *
   * @throws ContainerError
   * @see org.freedesktop.systemd1(5) SetUnitProperties
   */
  async setProperties(unit: string, properties: readonly UnitProperty[]): Promise<void> {
    const request = { member: 'SetUnitProperties', signature: 'sba(sv)', body: [unit, true, properties.map(encode)] };
    await this.#run(`change ${unit}`, () => this.#call(request));
  }

  /** Stops a unit, with all that is in it. One that is gone is no error. @throws ContainerError */
  async stop(unit: string): Promise<void> {
    const request = { member: 'StopUnit', signature: 'ss', body: [unit, 'fail'] };
    try {
      await this.#run(`stop ${unit}`, () => this.#runJob(request));
    } catch (error) {
      if (!(error instanceof ContainerError) || error.code !== 'ERR_UNIT_MISSING') throw error;
    }
  }

  /**
   * Puts a process into a cgroup below that of a unit: what the kernel does not let an unprivileged caller do whose own
   * cgroup is nowhere near.
   *
   * @param below - `/payload/exec-1`
   * @throws ContainerError
   */
  async attach({ unit }: ScopeRef, below: string, pid: number): Promise<void> {
    const request = { member: 'AttachProcessesToUnit', signature: 'ssau', body: [unit, below, [pid]] };
    await this.#run(`move process ${String(pid)} to ${below} of ${unit}`, () => this.#call(request));
  }

  [Symbol.dispose](): void {
    this.#bus.close();
  }

  async #runJob(request: Request): Promise<void> {
    // In one go: the answers come in the order of the questions.
    this.#watching ??= this.#bus.watch(MANAGER, (signal) => {
      this.#note(signal);
    });
    const [job] = await Promise.all([this.#call(request), this.#watching]);
    const result = await this.#untilDone(String(job));
    if (result !== 'done') throw new Error(`its job ends as ${result}`);
  }

  #call({ member, signature, body }: Request): Promise<unknown> {
    return this.#bus.call({ path: '/org/freedesktop/systemd1', interface: MANAGER, member, signature, body });
  }

  // id, job, unit, result
  #note({ member, body: [, job, , result] }: Signal): void {
    if (member !== 'JobRemoved') return;
    this.#jobs.set(String(job), String(result));
    this.#wake();
  }

  async #untilDone(job: string): Promise<string> {
    const end = new AbortController();
    const timeout = delay(TIMEOUT_MS, 'timeout', { signal: end.signal });
    timeout.catch(() => undefined);
    try {
      for (;;) {
        const result = this.#jobs.get(job);
        if (result !== undefined) return result;
        const woken = new Promise<void>((resolve) => (this.#wake = resolve));
        if ((await Promise.race([woken, timeout])) === 'timeout') return 'timeout';
      }
    } finally {
      end.abort();
    }
  }

  async #run<T>(action: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw toContainerError(action, error);
    }
  }
}

interface Request {
  readonly member: string;
  readonly signature: string;
  readonly body: readonly unknown[];
}

type Property = readonly [name: string, value: readonly [signature: string, value: unknown]];

function property(name: string, signature: string, value: unknown): Property {
  return [name, [signature, value]];
}

function encode(given: UnitProperty): Property {
  if (given.type === 't') return property(given.name, 't', encodeNumber(given.value));
  if (given.type === 'ay') return property(given.name, 'ay', Buffer.from(given.value));
  return property(
    given.name,
    'a(st)',
    given.value.map(([path, value]) => [path, encodeNumber(value)]),
  );
}

/** What "no limit" is for systemd: CGROUP_LIMIT_MAX, USEC_INFINITY. */
const INFINITY = 2n ** 64n - 1n;

function encodeNumber(value: UnitNumber): bigint {
  return value === 'infinity' ? INFINITY : BigInt(value);
}

const CODES: Readonly<Record<string, string>> = {
  [`${NAME}.UnitExists`]: 'ERR_UNIT_EXISTS',
  [`${NAME}.NoSuchUnit`]: 'ERR_UNIT_MISSING',
};

function toContainerError(action: string, error: unknown): ContainerError {
  if (!(error instanceof Error)) return new ContainerError(`${action}: ${String(error)}`, 'ERR_SYSTEMD');
  const name = 'dbusName' in error ? String(error.dbusName) : '';
  const { cause } = error;
  const text = cause instanceof Error ? `${error.message} (${cause.message})` : error.message;
  return new ContainerError(`${action}: ${text}`, CODES[name] ?? 'ERR_SYSTEMD', { cause: error, hint: HINTS[name] });
}

const HINTS: Readonly<Record<string, string>> = {
  'org.freedesktop.DBus.Error.AccessDenied': 'systemd, or polkit, does not let this user do that',
  'org.freedesktop.DBus.Error.NameHasNoOwner': 'nobody answers on that bus: is the dbus of a systemd that has ended?',
  'org.freedesktop.DBus.Error.ServiceUnknown': 'there is no systemd on that bus',
};
