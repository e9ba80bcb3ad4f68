import { dirname } from 'node:path/posix';
import { CgroupError } from '../errors/cgroup-error.js';
import type { CgroupWrite, DevicePlan } from '../plan/types.js';
import type { WeightFormula } from '../spec/annotations.js';
import type { MemoryResources, Resources } from '../spec/resources.js';
import { errnoNumber } from '../util/errno.js';
import { isInvalid, toAskedError } from './apply-writes.js';
import { applyDevices } from './devices/apply.js';
import { withDefaults } from './devices/rules.js';
import { readLayout } from './facts.js';
import { readIfPresent, tryWrite, writeFile } from './files.js';
import { checkIdentity, listTargets } from './guard.js';
import { selectHint } from './hints.js';
import { parseSingle, parseWords } from './parse.js';
import { type EngineRules, refuse, type WriteRules } from './rules.js';
import type { CgroupRef, V2Ref } from './types.js';
import { type UpdateWrite, planUpdate } from './update-plan.js';
import { formatOld } from './update-undo.js';

/** A change of limits. */
export interface LimitUpdate {
  /** What is to be changed: -1, and a rate of 0, stand for none. */
  readonly given: Resources;
  /** The limits of memory that there will be, all together. */
  readonly memory: Resources['memory'];
  /** Present where an engine has given them. */
  readonly engine?: EngineRules;
  readonly formula?: WeightFormula;
  /** The caller cannot be expected to rule over devices. */
  readonly isRootless?: boolean;
}

/**
 * Changes the limits of a running container: all that is given, or, when the kernel refuses one, nothing.
 *
 * Memory is never taken by the out-of-memory killer: what is above a lower limit is reclaimed, and where that is not
 * possible, the limit is refused. For an engine the kernel does what it does, unless `checkBeforeUpdate` is given.
 *
 * @returns the controllers of v2 that it took, whose files can be read from then on
 * @throws UnsupportedError for a limit of a controller that the container has not got
 * @throws CgroupError naming the file and the value that was refused; everything is as it was before then
 * @throws ConfigError in place of both, naming the field, for an engine
 * @see cgroup-v2.rst "Memory"; cgroup-v1/memory.rst
 */
export function updateCgroup(ref: CgroupRef, update: LimitUpdate): readonly string[] {
  for (const target of listTargets(ref)) checkIdentity('update', target);
  const { given, memory, engine, formula } = update;
  const { v2 } = ref;
  const layout = readLayout();
  const hasSwap = (readIfPresent('/proc/swaps') ?? '').trim().includes('\n');
  const rules = { hasSwap, ...(engine && { engine }), ...(formula && { formula }) };
  const { enable, used, writes } = planUpdate({
    ref,
    given,
    memory,
    rules,
    present: readWords(v2, v2?.path, 'cgroup.controllers'),
    offered: readWords(v2, v2?.base, 'cgroup.controllers'),
    v1: layout.v1.flatMap(({ controllers }) => controllers),
    memswBytes: readMemsw(ref),
  });
  if (engine !== undefined && given.memory?.checkBeforeUpdate === true) checkUsage(v2, given.memory, rules);
  if (v2 !== undefined && enable.length > 0) handDown(v2, enable);
  const devices = engine && planDevices(ref, update);
  writeAll(writes.flatMap(resolveWrite), engine === undefined, devices);
  return used;
}

// v1's kernel checks that by itself.
function checkUsage(v2: V2Ref | undefined, { limit = -1, swap = -1 }: MemoryResources, rules: WriteRules): void {
  const usage = v2 === undefined ? 0 : readCurrent(v2.path);
  const isAsked = (value: number): boolean => value > 0 && value <= usage;
  const expected = `above what is in use, ${usage} bytes`;
  refuse(rules, [
    { field: 'memory/swap', value: swap, isAsked: isAsked(swap), expected },
    { field: 'memory/limit', value: limit, isAsked: isAsked(limit), expected },
  ]);
}

function planDevices({ v1, v2 }: CgroupRef, { given: { devices }, isRootless }: LimitUpdate): DevicePlan | undefined {
  const directory = v1.find(({ controllers }) => controllers.includes('devices'));
  const path = directory?.path ?? v2?.path;
  if (devices === undefined || path === undefined) return undefined;
  const version = directory === undefined ? 2 : 1;
  return { version, path, rules: withDefaults(devices), ...(isRootless === true && { optional: true }) };
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
interface Write extends Pick<CgroupWrite, 'file' | 'value' | 'retry' | 'asked'> {
  readonly path: string;
}

/** Chooses the file that this kernel has; none where there is nothing to limit. */
function resolveWrite({ path, write }: UpdateWrite): readonly Write[] {
  const { file, ifAbsent, asked } = write;
  if (ifAbsent === undefined || readIfPresent(`${path}/${file}`) !== undefined) return [{ path, ...write }];
  return ifAbsent === 'skip' ? [] : resolveWrite({ path, write: { ...ifAbsent, ...(asked && { asked }) } });
}

/** @param isGentle - memory is made free before its limit is lowered */
function writeAll(writes: readonly Write[], isGentle: boolean, devices: DevicePlan | undefined): void {
  const undo: (() => void)[] = [];
  const late: Write[] = [];
  const writeOne = (write: Write): void => {
    const { path, file, value } = write;
    const before = readIfPresent(`${path}/${file}`);
    if (file === 'memory.max' && isGentle) lowerMemory(write);
    writeFile(path, file, value);
    if (before !== undefined) undo.push(() => void tryWrite(`${path}/${file}`, formatOld(file, value, before)));
  };
  const run = (list: readonly Write[], mayWait: boolean): void => {
    for (const write of list)
      try {
        writeOne(write);
      } catch (error) {
        if (!mayWait || write.retry !== true || !isInvalid(error)) throw toAskedError(error, write.asked);
        late.push(write);
      }
  };
  try {
    run(writes, true);
    run(late, false);
    if (devices !== undefined) applyDevices(devices, false);
  } catch (error) {
    for (const step of undo.reverse()) step();
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
