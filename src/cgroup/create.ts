import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { CgroupRefusedError } from '../errors/cgroup-error.js';
import type { CgroupPlan, V1Directory } from '../plan/types.js';
import type { UndoStack } from '../util/undo.js';
import { applyWrites } from './apply-writes.js';
import { applyDevices } from './devices/apply.js';
import { evacuate } from './evacuate.js';
import { codeOf, onDirectory, readIfPresent, readInode, readText, tryWrite, writeFile } from './files.js';
import { delegate } from './delegate.js';
import { isPathFrozen } from './freeze.js';
import { markDirectory, PARENT_MARK, readMark } from './mark.js';
import { parseWords } from './parse.js';
import { listProcessesBelow } from './processes.js';
import { refFromPlan } from './ref.js';
import { killCgroup } from './kill.js';
import { tryRmdir } from './rmdir.js';
import type { Act, CgroupRef } from './types.js';

/** What {@link createCgroup} works with. */
export interface CreateContext {
  /** Takes the undoing of each directory. */
  readonly undo: UndoStack;
  /** Wraps each action on the kernel. */
  readonly act: Act;
  /** What the directories are marked with; the last part of their path unless given. */
  readonly id?: string;
  /** The directories above are new: nobody has prepared them, whatever was done to others of their names. */
  readonly isFresh?: boolean;
}

/** How often a parent that a concurrent clean-up removes is made again. */
const ATTEMPTS = 10;

/**
 * Makes a container's cgroups and writes its limits. No process is in them yet.
 *
 * @returns the reference by which they are joined, watched, killed and removed
 * @throws CgroupError naming the file, the value and the errno; what was made until then is on the undo stack
 */
export function createCgroup(plan: CgroupPlan, { undo, act, id, isFresh = false }: CreateContext): CgroupRef {
  const adopted = new Set<string>();
  const isUnit = plan.flat === true && plan.scope !== undefined;
  const made: Made = {
    undo,
    act,
    id: id ?? refFromPlan(plan).id,
    isFresh,
    isFlat: plan.flat === true,
    isUnit,
    adopted,
  };
  if (plan.v2) createV2(plan.v2, plan.evacuate, made);
  for (const directory of plan.v1) createV1(directory, made);
  const { devices } = plan;
  if (devices) act(`rule over the devices of ${devices.path}`, () => applyDevices(devices, !adopted.has(devices.path)));
  const ref = act('read inode numbers', () => withInodes(refFromPlan(plan, id), adopted));
  // By the time it is undone, somebody may live in it.
  undo.push(`kill cgroup of ${ref.id}`, async () => {
    await killCgroup(ref);
  });
  return ref;
}

interface Made extends Required<CreateContext> {
  /** {@link CgroupPlan.flat} */
  readonly isFlat: boolean;
  /** systemd has made the directory, which is that of a unit. */
  readonly isUnit: boolean;
  /** The directories that were there already. */
  readonly adopted: Set<string>;
}
type V2Plan = NonNullable<CgroupPlan['v2']>;

/** Parents, with what they hand down, that this process has made ready. */
const prepared = new Set<string>();

function createV2(v2: V2Plan, evacuated: string | undefined, made: Made): void {
  const prepare = (): void => prepareParents(v2, evacuated, made);
  // Once they are prepared, the parents stay so, nearly always: then this is one mkdir.
  const wanted = `${dirname(v2.path)} ${v2.enable[0]?.controllers.join(' ') ?? ''}`;
  if (v2.enable.length > 0 && (made.isFresh || !prepared.has(wanted))) prepare();
  prepared.add(wanted);
  if (!made.isUnit) makeDirectory({ path: v2.path, prepare, made });
  // A mark is for people and for `prune`; kernels before 5.7 cannot keep it.
  if (!made.adopted.has(v2.path)) made.act(`mark ${v2.path}`, () => markDirectory(v2.path, made.id));
  // Somebody may have made the parent anew, for a container that needs less.
  applyWrites(v2.path, v2.writes, { act: made.act, repair: prepare });
  if (v2.payload !== v2.path) makeDirectory({ path: v2.payload, prepare: () => undefined, made });
  if (v2.delegate) delegate(v2.path, v2.payload, v2.delegate, made.act);
}

function prepareParents({ base, path, enable }: V2Plan, evacuated: string | undefined, made: Made): void {
  const { act } = made;
  if (evacuated !== undefined) act(`evacuate ${evacuated}`, () => evacuate(evacuated));
  for (const parent of listParents(base, path)) {
    if (parent !== base) makeParent(parent, made);
    const wanted = enable.find((entry) => entry.path === parent)?.controllers ?? [];
    const missing = act(`read ${parent}/cgroup.subtree_control`, () => selectMissing(parent, wanted));
    const value = missing.map((controller) => `+${controller}`).join(' ');
    // What an engine's parents do not hand down is found out by the write that needs it.
    if (made.isFlat) act(`write ${value} to ${parent}/cgroup.subtree_control`, () => tryHandDown(parent, missing));
    else if (value !== '')
      act(`write ${value} to ${parent}/cgroup.subtree_control`, () => {
        writeFile(parent, 'cgroup.subtree_control', value);
      });
  }
}

function selectMissing(parent: string, wanted: readonly string[]): readonly string[] {
  if (wanted.length === 0) return [];
  const enabled = parseWords(readIfPresent(`${parent}/cgroup.subtree_control`) ?? '');
  return wanted.filter((controller) => !enabled.includes(controller));
}

function tryHandDown(parent: string, controllers: readonly string[]): void {
  for (const controller of controllers) tryWrite(`${parent}/cgroup.subtree_control`, `+${controller}`);
}

function createV1({ base, path, inherit, writes }: V1Directory, made: Made): void {
  const prepare = (): void => {
    for (const parent of listParents(base, path)) {
      if (parent === base) continue;
      makeParent(parent, made);
      fill(parent, inherit, made.act);
    }
  };
  // Who has made the parents for us may have left there what must not stay empty.
  if (made.isFlat && inherit.length > 0) prepare();
  makeDirectory({ path, prepare, made });
  fill(path, inherit, made.act);
  applyWrites(path, writes, { act: made.act });
}

/** Copies what must not stay empty from the directory above. */
function fill(path: string, files: readonly string[], act: Act): void {
  for (const file of files)
    act(`copy ${file} to ${path}`, () => {
      if (readText(`${path}/${file}`).trim() !== '') return;
      writeFile(path, file, readText(`${dirname(path)}/${file}`).trim());
    });
}

/** Makes a directory of the container's own, and first its parents where they are missing. */
function makeDirectory({ path, prepare, made }: { path: string; prepare: () => void; made: Made }): void {
  for (let attempt = 1; ; attempt++) {
    const isMade = made.act(`make cgroup ${path}`, () => {
      if (made.isFlat && adopt(path, made)) return true;
      if (!tryMkdir(path, attempt < ATTEMPTS)) return false;
      made.undo.push(`remove cgroup ${path}`, () => void tryRmdir(path));
      return true;
    });
    if (isMade) return;
    prepare();
  }
}

/**
 * Takes a directory that is there already, as other runtimes do. One that this container has left behind is its own.
 *
 * @returns `false` when there is none
 * @throws CgroupRefusedError where somebody lives in it, or would be born frozen
 */
function adopt(path: string, { id, adopted, undo }: Made): boolean {
  if (readInode(path) === undefined) return false;
  const processes = listProcessesBelow(path).length;
  const refuse = (reason: string): never => {
    throw new CgroupRefusedError('use', path, reason, {
      hint: 'two containers cannot have the same linux.cgroupsPath',
    });
  };
  if (processes > 0) refuse(`container's cgroup is not empty: ${processes} process(es) found`);
  if (isPathFrozen(path)) refuse("container's cgroup unexpectedly frozen");
  const mark = readMark(path);
  if (mark === id) undo.push(`remove cgroup ${path}`, () => void tryRmdir(path));
  else if (mark === undefined) adopted.add(path);
  else refuse(`it is marked as that of ${JSON.stringify(mark)}`);
  return true;
}

// Between the making of the parents and this, the last container's clean-up may have removed them: ENOENT means "again".
function tryMkdir(path: string, mayRetry: boolean): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (mayRetry && codeOf(error) === 'ENOENT') return false;
    return onDirectory(`make cgroup ${path}`, path, () => {
      throw error;
    });
  }
}

function makeParent(path: string, { undo, act, isFlat }: Made): void {
  const action = `make cgroup ${path}`;
  const isNew = act(action, () => {
    if (onDirectory(action, path, () => mkdirSync(path, { recursive: true })) === undefined) return false;
    // Somebody else's container may be in it by the time it is undone; then it stays.
    undo.push(`remove cgroup ${path}`, () => void tryRmdir(path));
    return true;
  });
  // Engines' parents are theirs: without corral's mark they stay.
  if (!isNew || isFlat) return;
  act(`mark ${path}`, () => markDirectory(path, PARENT_MARK));
}

/** The directories from `base` down to the one above `path`. */
function listParents(base: string, path: string): readonly string[] {
  const parent = dirname(path);
  return parent === base || parent === dirname(parent) ? [base] : [...listParents(base, parent), parent];
}

function withInodes(ref: CgroupRef, adopted: ReadonlySet<string>): CgroupRef {
  const identify = <T extends { readonly path: string }>(directory: T): T & { inode?: string; adopted?: true } => {
    const inode = readInode(directory.path);
    const isAdopted = adopted.has(directory.path);
    return { ...directory, ...(inode !== undefined && { inode }), ...(isAdopted && { adopted: true as const }) };
  };
  return { ...ref, ...(ref.v2 && { v2: identify(ref.v2) }), v1: ref.v1.map(identify) };
}
