import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path/posix';
import { CgroupError } from '../errors/cgroup-error.js';
import { errnoName } from '../util/errno.js';
import { selectHint } from './hints.js';

// Grows with the longest text; the lists of processes are the long ones.
let buffer = Buffer.allocUnsafeSlow(16_384);

/**
 * Returns the text of an interface file.
 *
 * `readFileSync` would add an fstat(2) and a buffer for each: results are read while somebody waits for them.
 *
 * @throws the error of node:fs
 */
export function readText(path: string): string {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    return readAll(fd);
  } finally {
    closeSync(fd);
  }
}

// The kernel gives at most a page at a time, and not always a full one: only 0 is the end.
function readAll(fd: number): string {
  let length = 0;
  for (;;) {
    const more = readSync(fd, buffer, length, buffer.length - length, null);
    if (more === 0) return buffer.toString('latin1', 0, length);
    length += more;
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafeSlow(length)]);
  }
}

/** Returns the text of an open interface file, from its beginning. */
export function rereadText(fd: number): string {
  return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0));
}

/** Returns the text of an interface file, or `undefined` where it, or the cgroup, does not exist. */
export function readIfPresent(path: string): string | undefined {
  return ifPresent(() => readText(path));
}

// ENODEV and EOPNOTSUPP: the cgroup is being removed, or is threaded, or the feature is off.
const ABSENT: readonly string[] = ['ENOENT', 'ENODEV', 'EOPNOTSUPP', 'ENOTSUP'];

/** Returns what `run` returns, or `undefined` when it fails because the file is not there. */
export function ifPresent<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (ABSENT.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/** Returns the inode number of a directory, in decimal; `undefined` when it is not there. */
export function readInode(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && String(stat.ino);
}

/**
 * Tells whether the caller may make cgroups below the one at `path`, and put processes there. The directory alone is not enough:
 * one that is writable by accident cannot take processes.
 */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(`${path}/cgroup.procs`, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The links of a directory without directories in it, where those are counted: its name, and its own `.` */
const EMPTY_LINKS = 2;

/**
 * Returns the paths of the cgroups right below `path`; none when it is not there.
 *
 * @param likely - one of them, as it seems; where that is all there is, they need not be listed
 */
export function listChildren(path: string, likely?: string): readonly string[] {
  // A directory of the kernel's counts those right below it, and most have none, or one: a stat is a tenth of a list.
  const links = statSync(path, { throwIfNoEntry: false })?.nlink;
  if (links === EMPTY_LINKS) return [];
  if (links === EMPTY_LINKS + 1 && likely !== undefined && dirname(likely) === path && existsSync(likely))
    return [likely];
  const entries = ifPresent(() => readdirSync(path, { withFileTypes: true })) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${path}/${name}`);
}

/**
 * Writes one value to an interface file, in a single write(2).
 *
 * @throws CgroupError with what was written, and a hint where the cause is known
 */
export function writeFile(cgroup: string, file: string, value: string): void {
  const failure = tryWrite(`${cgroup}/${file}`, value);
  if (failure === undefined) return;
  const action = `write ${JSON.stringify(value)} to ${file}`;
  throw new CgroupError(
    { action, ...failure, cgroup, file, value },
    { hint: selectHint({ file, errno: errnoName(failure.errno), cgroup }) },
  );
}

/** Which system call failed, and how. */
export interface Failure {
  readonly syscall: string;
  /** Positive. */
  readonly errno: number;
}

/** Writes to an interface file. @returns the failure instead of throwing it: some are expected */
export function tryWrite(path: string, value: string): Failure | undefined {
  try {
    // Not O_CREAT, which Node's own writers add: a missing file would then be EACCES instead of ENOENT.
    const fd = openSync(path, constants.O_WRONLY);
    try {
      writeSync(fd, value);
    } finally {
      closeSync(fd);
    }
    return undefined;
  } catch (error) {
    return { syscall: isErrno(error) ? (error.syscall ?? 'write') : 'write', errno: errnoOf(error) };
  }
}

/** Runs a call on a cgroup's directory. @throws CgroupError in place of node:fs's error */
export function onDirectory<T>(action: string, cgroup: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const syscall = isErrno(error) ? (error.syscall ?? 'open') : 'open';
    const errno = errnoOf(error);
    const hint = selectHint({ errno: errnoName(errno), cgroup });
    throw new CgroupError({ action, syscall, errno, cgroup }, { hint, cause: error });
  }
}

/** Returns the name of an error's errno: `ENOENT`. @throws `error` itself when it has none */
export function codeOf(error: unknown): string {
  if (isErrno(error) && error.code !== undefined) return error.code;
  return errnoName(errnoOf(error));
}

/** Returns the positive errno of an error of node:fs or of corral. @throws `error` itself when it has none */
function errnoOf(error: unknown): number {
  if (isErrno(error) && error.errno !== undefined) return Math.abs(error.errno);
  throw error;
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error;
}
