import { closeSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { addon } from './addon.js';
import { call } from './call.js';

/** The size of a report page's file, in bytes. */
const REPORT_SIZE = 4096;

/** The part of it that is in use. */
const REPORT_BYTES = 40;

const MAGIC = 0x52505243;
const NO_STEP = 0xffffffff;
const PHASES = ['running', 'failed', 'waiting', 'exited'] as const;

/** How far corral-init got, as it noted in the page. */
export interface Report {
  /**
   * `created`: it has not mapped the page yet; `running` steps, or the workload was exec'd without an init; `failed`;
   * `waiting`: an init waits for the workload; `exited`: the workload has ended.
   */
  readonly phase: 'created' | (typeof PHASES)[number];
  /** Index of the step that runs or ran last; `undefined` where the plan itself was refused. */
  readonly step: number | undefined;
  /** Of the failed step, positive; 0 in every other phase. */
  readonly errno: number;
  /** As wait(2) gives it; in phase `exited` only. */
  readonly waitStatus: number | undefined;
  /** The pid, in corral-init's own pid namespace, of the child of the caller that went on in its stead; 0: none. */
  readonly successor: number;
  /** Nanoseconds since the epoch; in phase `exited` only. */
  readonly exitedAt: bigint | undefined;
  /** Of an init that kills its children one by one: how many the workload left behind. */
  readonly leftBehind: number;
  /** How many of them could not be killed. */
  readonly survivors: number;
}

/**
 * Makes a report page.
 *
 * @param path - a file that must not exist yet, for a page that survives this process; absent: a memfd
 * @returns its descriptor, open for reading and writing, which belongs to the caller
 */
export function createReportPage(path?: string): number {
  const fd =
    path === undefined
      ? call('create memfd for report', () => addon.memfdCreate({ name: 'corral-report', executable: false }))
      : openSync(path, 'wx+', 0o600);
  try {
    ftruncateSync(fd, REPORT_SIZE);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Reads a report page; the descriptor stays the caller's. */
export function readReportPage(fd: number): Report {
  const bytes = new Uint8Array(REPORT_BYTES);
  readSync(fd, bytes, 0, bytes.length, 0);
  return parseReport(bytes);
}

/** Where the page tells of a hook that has failed, and how much of its output there is room for. */
const HOOK_AT = 40;
const HOOK_OUTPUT = 2048;

/** Reads how the hook ended that has failed, and the end of what it has written; the descriptor stays the caller's. */
export function readHookEnd(fd: number): { readonly waitStatus: number; readonly output: string } {
  const bytes = Buffer.alloc(8 + HOOK_OUTPUT);
  readSync(fd, bytes, 0, bytes.length, HOOK_AT);
  const size = Math.min(bytes.readUInt32LE(4), HOOK_OUTPUT);
  return { waitStatus: bytes.readInt32LE(0), output: bytes.toString('utf8', 8, 8 + size).trim() };
}

/** Reads the first {@link REPORT_BYTES} of a report page. */
function parseReport(bytes: Uint8Array): Report {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const phase = view.getUint32(0, true) === MAGIC ? (PHASES[view.getUint32(4, true) - 1] ?? 'created') : 'created';
  const step = view.getUint32(8, true);
  const exited = phase === 'exited';
  return {
    phase,
    step: step === NO_STEP ? undefined : step,
    errno: phase === 'failed' ? view.getInt32(12, true) : 0,
    waitStatus: exited ? view.getInt32(16, true) : undefined,
    successor: view.getInt32(20, true),
    exitedAt: exited ? view.getBigUint64(24, true) : undefined,
    leftBehind: view.getUint32(32, true),
    survivors: view.getUint32(36, true),
  };
}
