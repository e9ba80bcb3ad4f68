import { dirname } from 'node:path/posix';
import { CgroupError } from '../errors/cgroup-error.js';
import type { Resources } from '../spec/types.js';
import { errnoNumber } from '../util/errno.js';
import { readLayout } from './facts.js';
import { readIfPresent, tryWrite, writeFile } from './files.js';
import { checkIdentity, listTargets } from './guard.js';
import { selectHint } from './hints.js';
import { parseSingle, parseWords } from './parse.js';
import type { CgroupRef, V2Ref } from './types.js';
import { type UpdateWrite, planUpdate } from './update-plan.js';
import { formatOld } from './update-undo.js';

/**
 * Changes the limits of a running container: all that is given, or, when the kernel refuses one, nothing.
 *
 * Memory is never taken by the out-of-memory killer: what is above a lower limit is reclaimed, and where that is not
 * possible, the limit is refused.
 *
 * @param given - what is to be changed: -1, and a rate of 0, stand for none
 * @param memory - the limits of memory that there will be, all together
 * @returns the controllers of v2 that it took, whose files can be read from then on
 * @throws UnsupportedError for a limit of a controller that the container has not got
 * @throws CgroupError naming the file and the value that was refused; everything is as it was before then
 * @see cgroup-v2.rst "Memory"; cgroup-v1/memory.rst
 */
export function updateCgroup(ref: CgroupRef, given: Resources, memory: Resources['memory']): readonly string[] {
  for (const target of listTargets(ref)) checkIdentity('update', target);
  const { v2 } = ref;
  const layout = readLayout();
  const { enable, used, writes } = planUpdate({
    ref,
    given,
    memory,
    hasSwap: (readIfPresent('/proc/swaps') ?? '').trim().includes('\n'),
    present: readWords(v2, v2?.path, 'cgroup.controllers'),
    offered: readWords(v2, v2?.base, 'cgroup.controllers'),
    v1: layout.v1.flatMap(({ controllers }) => controllers),
    memswBytes: readMemsw(ref),
  });
  if (v2 !== undefined && enable.length > 0) handDown(v2, enable);
  writeAll(writes.flatMap(resolveWrite));
  return used;
}

function readWords(v2: V2Ref | undefined, path: string | undefined, file: string): readonly string[] {
  return v2 === undefined ? [] : parseWords(readIfPresent(`${path ?? ''}/${file}`) ?? '');
}

function readMemsw({ v1 }: CgroupRef): number | undefined {
  const directory = v1.find(({ controllers }) => controllers.includes('memory'));
  return directory && parseSingle(readIfPresent(`${directory.path}/memory.memsw.limit_in_bytes`) ?? '');
}

function handDown({ base, path }: V2Ref, controllers: readonly string[]): void {
  for (const parent of listParents(base, path)) {
    const enabled = parseWords(readIfPresent(`${parent}/cgroup.subtree_control`) ?? '');
    const missing = controllers.filter((controller) => !enabled.includes(controller));
    if (missing.length > 0)
      writeFile(parent, 'cgroup.subtree_control', missing.map((controller) => `+${controller}`).join(' '));
  }
}

function listParents(base: string, path: string): readonly string[] {
  const parent = dirname(path);
  return parent === base || parent === dirname(parent) ? [base] : [...listParents(base, parent), parent];
}

/** One file and what goes in. */
interface Write {
  readonly path: string;
  readonly file: string;
  readonly value: string;
}

/** Chooses the file that this kernel has; none where there is nothing to limit. */
function resolveWrite({ path, write }: UpdateWrite): readonly Write[] {
  const { file, value, ifAbsent } = write;
  if (ifAbsent === undefined || readIfPresent(`${path}/${file}`) !== undefined) return [{ path, file, value }];
  return ifAbsent === 'skip' ? [] : resolveWrite({ path, write: ifAbsent });
}

function writeAll(writes: readonly Write[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const write of writes) {
      const { path, file, value } = write;
      const before = readIfPresent(`${path}/${file}`);
      if (file === 'memory.max') lowerMemory(write);
      writeFile(path, file, value);
      if (before !== undefined) undo.push(() => void tryWrite(`${path}/${file}`, formatOld(file, value, before)));
    }
  } catch (error) {
    for (const run of undo.reverse()) run();
    throw error;
  }
}

/**
 * Makes room before `memory.max` is lowered below what is used: written as it is, it would call the out-of-memory killer.
 * `memory.high` makes the kernel reclaim without, and holds back who would use more meanwhile.
 */
function lowerMemory({ path, file, value }: Write): void {
  const bytes = parseSingle(value);
  if (bytes === undefined || readCurrent(path) <= bytes) return;
  const high = (readIfPresent(`${path}/memory.high`) ?? 'max').trim();
  writeFile(path, 'memory.high', value);
  const left = readCurrent(path);
  if (left > bytes) {
    writeFile(path, 'memory.high', high);
    throw refused({ path, file, value });
  }
  const failure = tryWrite(`${path}/${file}`, value);
  writeFile(path, 'memory.high', high);
  if (failure !== undefined) writeFile(path, file, value);
}

const readCurrent = (path: string): number => parseSingle(readIfPresent(`${path}/memory.current`) ?? '') ?? 0;

// v1's own answer.
function refused({ path, file, value }: Write): CgroupError {
  const action = `write ${JSON.stringify(value)} to ${file}`;
  const failure = { action, syscall: 'write', errno: errnoNumber('EBUSY') ?? 16, cgroup: path, file, value };
  return new CgroupError(failure, { hint: selectHint({ file, errno: 'EBUSY', cgroup: path }) });
}
