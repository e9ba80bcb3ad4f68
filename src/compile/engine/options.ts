import { MOUNT_ATTR, MOUNT_ATTR__ATIME, MS, MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE } from '../../util/linux.js';

/** What mount_setattr(2) is to do. A bit in neither stays as the source of a bind mount has it. */
export interface AttributeChange {
  readonly set: number;
  readonly clear: number;
}

/** A change of a mount's propagation, mount_namespaces(7). */
export interface PropagationChange {
  /** MS_SHARED and the like. */
  readonly type: number;
  readonly recursive: boolean;
}

/** The options of a mount, sorted into what each of them is for. */
export interface EngineMountOptions {
  /** It is a bind mount; `rbind` takes the submounts along. */
  readonly bind?: 'bind' | 'rbind';
  /** A mount that is there already is changed. */
  readonly remount: boolean;
  /** MS_* bits for mount(2). */
  readonly flags: number;
  /** The same for a bind mount, as far as they belong to a mount: what is named, and nothing else. */
  readonly attributes: AttributeChange;
  /** Of the submounts, too: `rro`. */
  readonly recursiveAttributes: AttributeChange;
  /** In their order. */
  readonly propagation: readonly PropagationChange[];
  readonly idmap?: 'idmap' | 'ridmap';
  /** A tmpfs starts with a copy of what it covers. */
  readonly copyUp: boolean;
  /** What none of the tables knows: it is for the file system. */
  readonly data: readonly string[];
}

interface Bits {
  /** For mount(2). */
  readonly flag: number;
  /** For mount_setattr(2); 0 for what is a matter of the file system and none of the mount. */
  readonly attribute: number;
}

const READ_ONLY: Bits = { flag: MS.MS_RDONLY, attribute: MOUNT_ATTR.MOUNT_ATTR_RDONLY };
const NO_SUID: Bits = { flag: MS.MS_NOSUID, attribute: MOUNT_ATTR.MOUNT_ATTR_NOSUID };
const NO_DEV: Bits = { flag: MS.MS_NODEV, attribute: MOUNT_ATTR.MOUNT_ATTR_NODEV };
const NO_EXEC: Bits = { flag: MS.MS_NOEXEC, attribute: MOUNT_ATTR.MOUNT_ATTR_NOEXEC };
const NO_DIRATIME: Bits = { flag: MS.MS_NODIRATIME, attribute: MOUNT_ATTR.MOUNT_ATTR_NODIRATIME };
const NO_SYMFOLLOW: Bits = { flag: MS.MS_NOSYMFOLLOW, attribute: MOUNT_ATTR.MOUNT_ATTR_NOSYMFOLLOW };
const ofFileSystem = (flag: number): Bits => ({ flag, attribute: 0 });
const SYNC = ofFileSystem(MS.MS_SYNCHRONOUS);
const MAND = ofFileSystem(MS.MS_MANDLOCK);
const LAZYTIME = ofFileSystem(MS.MS_LAZYTIME);
const I_VERSION = ofFileSystem(MS.MS_I_VERSION);
const SILENT = ofFileSystem(MS.MS_SILENT);

/** @see runtime-spec config.md "Linux mount options" */
const SETS: ReadonlyMap<string, Bits> = new Map([
  ['ro', READ_ONLY],
  ['nosuid', NO_SUID],
  ['nodev', NO_DEV],
  ['noexec', NO_EXEC],
  ['nodiratime', NO_DIRATIME],
  ['nosymfollow', NO_SYMFOLLOW],
  ['sync', SYNC],
  ['dirsync', ofFileSystem(MS.MS_DIRSYNC)],
  ['mand', MAND],
  ['lazytime', LAZYTIME],
  ['iversion', I_VERSION],
  ['silent', SILENT],
]);

const CLEARS: ReadonlyMap<string, Bits> = new Map([
  ['rw', READ_ONLY],
  ['suid', NO_SUID],
  ['dev', NO_DEV],
  ['exec', NO_EXEC],
  ['diratime', NO_DIRATIME],
  ['symfollow', NO_SYMFOLLOW],
  ['async', SYNC],
  ['nomand', MAND],
  ['nolazytime', LAZYTIME],
  ['noiversion', I_VERSION],
  ['loud', SILENT],
]);

const ATIME_FLAGS = MS.MS_NOATIME | MS.MS_RELATIME | MS.MS_STRICTATIME;
const RELATIME: Bits = { flag: MS.MS_RELATIME, attribute: 0 };

/** One mode takes the place of another. What only says which it is not leaves the kernel's own, `relatime`. */
const ATIMES: ReadonlyMap<string, Bits> = new Map([
  ['noatime', { flag: MS.MS_NOATIME, attribute: MOUNT_ATTR.MOUNT_ATTR_NOATIME }],
  ['strictatime', { flag: MS.MS_STRICTATIME, attribute: MOUNT_ATTR.MOUNT_ATTR_STRICTATIME }],
  ['relatime', RELATIME],
  ['atime', RELATIME],
  ['nostrictatime', RELATIME],
]);

/** They say what is so anyway. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['norelatime', 'rnorelatime']);

const PROPAGATIONS: ReadonlyMap<string, number> = new Map([
  ['private', MS_PRIVATE],
  ['shared', MS_SHARED],
  ['slave', MS_SLAVE],
  ['unbindable', MS_UNBINDABLE],
]);

/** `defaults`: of these none. @see mount(8) */
const NOT_DEFAULT = MS.MS_RDONLY | MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC | MS.MS_SYNCHRONOUS;

type Draft = { -readonly [K in keyof EngineMountOptions]: EngineMountOptions[K] };

/**
 * Sorts the options of an engine's mount. Of two that contradict each other the later one counts.
 *
 * @see runtime-spec config.md "Linux mount options", mount(8)
 */
export function sortEngineOptions(options: readonly string[]): EngineMountOptions {
  const draft: Draft = {
    remount: false,
    flags: 0,
    attributes: { set: 0, clear: 0 },
    recursiveAttributes: { set: 0, clear: 0 },
    propagation: [],
    copyUp: false,
    data: [],
  };
  for (const option of options) {
    const isKnown = takeWord(draft, option) || takePlain(draft, option) || takeRecursive(draft, option);
    if (!isKnown) draft.data = [...draft.data, option];
  }
  return draft;
}

function takeWord(draft: Draft, option: string): boolean {
  switch (option) {
    case 'bind':
    case 'rbind':
      draft.bind = option;
      return true;
    case 'idmap':
    case 'ridmap':
      draft.idmap = option;
      return true;
    case 'remount':
      draft.remount = true;
      return true;
    case 'tmpcopyup':
      draft.copyUp = true;
      return true;
    case 'defaults':
      draft.flags &= ~NOT_DEFAULT;
      draft.attributes = { ...draft.attributes, set: 0 };
      return true;
    default:
      return WITHOUT_EFFECT.has(option);
  }
}

function takePlain(draft: Draft, option: string): boolean {
  const propagation = PROPAGATIONS.get(option);
  if (propagation !== undefined) {
    draft.propagation = [...draft.propagation, { type: propagation, recursive: false }];
    return true;
  }
  const changed = changeAttributes(draft.attributes, option);
  if (changed === undefined) return false;
  draft.attributes = changed;
  draft.flags = changeFlags(draft.flags, option);
  return true;
}

function takeRecursive(draft: Draft, option: string): boolean {
  if (!option.startsWith('r')) return false;
  const word = option.slice(1);
  const propagation = PROPAGATIONS.get(word);
  if (propagation !== undefined) {
    draft.propagation = [...draft.propagation, { type: propagation, recursive: true }];
    return true;
  }
  // What is a matter of the file system has no recursive form: `rsync` would be an option of its own.
  if (isOfFileSystem(word)) return false;
  const changed = changeAttributes(draft.recursiveAttributes, word);
  if (changed === undefined) return false;
  draft.recursiveAttributes = changed;
  return true;
}

function isOfFileSystem(option: string): boolean {
  return (SETS.get(option) ?? CLEARS.get(option))?.attribute === 0;
}

function changeFlags(flags: number, option: string): number {
  const atime = ATIMES.get(option);
  if (atime !== undefined) return (flags & ~ATIME_FLAGS) | atime.flag;
  return (flags | (SETS.get(option)?.flag ?? 0)) & ~(CLEARS.get(option)?.flag ?? 0);
}

function changeAttributes({ set, clear }: AttributeChange, option: string): AttributeChange | undefined {
  const atime = ATIMES.get(option);
  if (atime !== undefined) {
    return { set: (set & ~MOUNT_ATTR__ATIME) | atime.attribute, clear: clear | MOUNT_ATTR__ATIME };
  }
  const on = SETS.get(option)?.attribute;
  if (on !== undefined) return { set: set | on, clear: clear & ~on };
  const off = CLEARS.get(option)?.attribute;
  return off === undefined ? undefined : { set: set & ~off, clear: clear | off };
}

/** Every option that is known by name: what `features` tells. @see runtime-spec features.md "mountOptions" */
export function knownMountOptions(): readonly string[] {
  const plain = [...SETS.keys(), ...CLEARS.keys(), ...ATIMES.keys(), ...PROPAGATIONS.keys(), 'norelatime'];
  const recursive = plain.filter((option) => !isOfFileSystem(option)).map((option) => `r${option}`);
  const words = ['bind', 'rbind', 'idmap', 'ridmap', 'remount', 'tmpcopyup', 'defaults'];
  return [...plain, ...recursive, ...words].sort();
}
