import { chownSync, mkdirSync, rmdirSync } from 'node:fs';
import { evacuate } from '../../cgroup/evacuate.js';
import { codeOf, ifPresent, readIfPresent, tryWrite } from '../../cgroup/files.js';
import { parseFlatKeyed, parseWords } from '../../cgroup/parse.js';
import { RefusedError } from '../../errors/refused-error.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import { markBase } from '../caller/ancestors.js';
import type { CgroupScope } from '../caller/scope.js';
import { mayRule } from './authority.js';
import { handDownFrom, readWords } from './controllers.js';
import { Directory } from './directory.js';
import type { KnobWrite } from './knobs.js';
import { MOST_DESCENDANTS, type RelativePath, showPath } from './paths.js';
import { writeValues } from './values.js';
import { describeFailure, inWords } from './words.js';

/** What a new cgroup is to be like. */
export interface NewCgroup {
  /** Which limits it is to have: they are handed down to it on all of the way. */
  readonly controllers: readonly string[];
  readonly values: readonly KnobWrite[];
}

/**
 * Makes a cgroup below a caller's base, which belongs to the caller: the directory, and the files with which processes are moved and
 * controllers handed on. The files that carry its limits stay the supervisor's, which changes them for the caller.
 *
 * @throws RefusedError EAGAIN where there are too many already, EACCES where the one above is another user's
 * @throws UnsupportedError for a controller that the caller's own cgroup does not have
 * @throws CgroupError EEXIST, ENOENT. What was made until then is gone again; controllers that were handed down stay so
 */
export async function createCgroup(scope: CgroupScope, name: RelativePath, wanted: NewCgroup): Promise<void> {
  using base = Directory.openBase(scope);
  checkBounds(base, name);
  using parent = Directory.open(scope, name.slice(0, -1));
  checkParent(scope, parent, name);
  if (wanted.controllers.length > 0) handDown(scope, base, { name, controllers: wanted.controllers });
  const path = `${parent.path}/${name.at(-1) ?? ''}`;
  const act = { action: `make cgroup ${showPath(name)}`, cgroup: name.join('/') };
  inWords(act, () => {
    mkdirSync(path);
  });
  try {
    using made = parent.openBelow(scope, name.slice(-1));
    await writeValues(made, wanted.values);
    giveTo(made, scope.requester.uid, scope.requester.gid);
  } catch (error) {
    ifPresent(() => {
      rmdirSync(path);
    });
    throw error;
  }
}

// Those that the inside makes by itself count as well; the kernel stops these, where the container was made with bounds.
function checkBounds(base: Directory, name: RelativePath): void {
  const count = parseFlatKeyed(readIfPresent(`${base.path}/cgroup.stat`) ?? '').get('nr_descendants') ?? 0;
  if (count < MOST_DESCENDANTS) return;
  throw new RefusedError(`make cgroup ${showPath(name)}`, 'EAGAIN', {
    hint: `there are ${String(count)} cgroups below your own already, of at most ${String(MOST_DESCENDANTS)}`,
  });
}

// Below its base everybody may begin something; in what another user has made there, nobody.
function checkParent(scope: CgroupScope, parent: Directory, name: RelativePath): void {
  if (parent.name.length === 0 || mayRule({ uid: parent.owner.uid }, scope)) return;
  throw new RefusedError(`make cgroup ${showPath(name)}`, 'EACCES', {
    hint: `${parent.words} belongs to another user`,
  });
}

/**
 * Makes room for a cgroup of somebody else's making right below a caller's base: hands controllers down to it.
 *
 * @throws as {@link createCgroup} does
 */
export function makeRoom(scope: CgroupScope, directory: string, controllers: readonly string[]): void {
  using base = Directory.openBase(scope);
  checkBounds(base, [directory]);
  if (controllers.length > 0) handDown(scope, base, { name: [directory], controllers });
}

interface Handed {
  readonly name: RelativePath;
  readonly controllers: readonly string[];
}

// From the base on down, each cgroup hands to the next.
function handDown(scope: CgroupScope, base: Directory, { name, controllers }: Handed): void {
  handToBase(scope, base, controllers);
  for (let depth = 0; depth < name.length; depth++) {
    using directory = Directory.open(scope, name.slice(0, depth));
    const has = readWords(directory.path, 'cgroup.controllers');
    const lacking = controllers.find((controller) => !has.includes(controller));
    if (lacking !== undefined)
      throw new UnsupportedError(
        `cgroup ${showPath(name)} with the ${lacking} controller`,
        `that in ${directory.words}`,
        {
          hint: 'ask for the list of controllers: it says what there is, and why not more',
        },
      );
    const handed = readWords(directory.path, 'cgroup.subtree_control');
    const missing = controllers.filter((controller) => !handed.includes(controller));
    if (missing.length > 0) enable(scope, directory, missing);
  }
}

// The cgroups above carry the container's own limits, and hold no process: handing down changes nothing for the container.
function handToBase({ above }: CgroupScope, base: Directory, controllers: readonly string[]): void {
  const has = readWords(base.path, 'cgroup.controllers');
  const missing = controllers.filter((controller) => !has.includes(controller));
  if (missing.length > 0) handDownFrom(above, missing);
}

function enable(scope: CgroupScope, directory: Directory, controllers: readonly string[]): void {
  const value = controllers.map((controller) => `+${controller}`).join(' ');
  const file = 'cgroup.subtree_control';
  const act = { action: `write ${value} to ${file} of ${directory.words}`, cgroup: directory.words, file, value };
  const isBase = directory.name.length === 0;
  const isAllowed = mayRule({ uid: directory.owner.uid }, scope) || (isBase && scope.rulesBase);
  if (!isAllowed)
    throw new RefusedError(act.action, 'EACCES', {
      hint: 'only root in the container may hand controllers down in it',
    });
  if (isBase && readWords(directory.path, 'cgroup.procs').length > 0) leave(scope, directory);
  const failure = tryWrite(`${directory.path}/${file}`, value);
  if (failure !== undefined) throw describeFailure(act, failure);
}

// The caller itself may be among those that are moved. What was its own must stay so.
function leave({ isPayload }: CgroupScope, base: Directory): void {
  if (!isPayload) markBase(base.path);
  inWords({ action: 'move the processes of your own cgroup to its leaf supervisor', cgroup: '' }, () => {
    evacuate(base.path);
  });
}

/** What a kernel before 4.15, which has no list of them, lets a cgroup's owner write. */
const FILES = 'cgroup.procs cgroup.threads cgroup.subtree_control';

/**
 * Gives a cgroup to a user: the directory, and the files that the kernel names.
 *
 * @throws CgroupError, RefusedError EPERM where this process may give nothing to that user
 * @see cgroup-v2.rst "Model of Delegation"
 */
export function giveTo(directory: Directory, uid: number, gid: number): void {
  const files = parseWords(readIfPresent('/sys/kernel/cgroup/delegate') ?? FILES);
  const act = { action: `give cgroup ${directory.words} to its new owner`, cgroup: directory.name.join('/') };
  inWords(act, () => {
    try {
      for (const file of files) giveFile(`${directory.path}/${file}`, uid, gid);
      chownSync(directory.path, uid, gid);
    } catch (error) {
      if (codeOf(error) !== 'EPERM') throw error;
      throw new RefusedError(act.action, 'EPERM', {
        hint: 'the supervisor is not root on the host: only its own user, who is root in the container, can have cgroups',
        cause: error,
      });
    }
  });
}

// A file whose controller is not here does not exist.
function giveFile(path: string, uid: number, gid: number): void {
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
