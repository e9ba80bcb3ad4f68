import { createHash } from 'node:crypto';
import type { ProcessIdentity } from '../../container/identity.js';
import { OptionError } from '../../errors/option-error.js';
import { checkName } from '../../spec/parse/name.js';
import type { ConfinedScope } from '../caller/scope.js';

/** From where a container was asked for that somebody in a container has made; kept with its options. */
export interface Origin {
  /** What those inside call it. */
  readonly name: string;
  /** The outermost container around it. */
  readonly container: string;
  /** The cgroup below which it lives, and whose callers see it. */
  readonly base: string;
  /** Of the base, decimal: it tells it from a later cgroup of that path. */
  readonly inode: string;
  /** Who has made it, in the supervisor's user namespace. */
  readonly uid: number;
}

/** The process in whose namespaces a run of such a container is started: whoever has asked for the start. */
export interface Starter {
  readonly process: ProcessIdentity;
  /** Its capabilities when it asked: what is started has no others. Hexadecimal. */
  readonly capabilities: string;
}

/** Longest name that such a container can have: it is a part of the supervisor's. */
const MAX_NAME = 64;

/** Checks the name that somebody in a container gives one. @throws OptionError */
export function checkConfinedName(name: string, option = 'name'): string {
  checkName(name, option);
  if (name.length <= MAX_NAME) return name;
  throw new OptionError(option, name, `at most ${String(MAX_NAME)} characters inside a container`);
}

/** Returns what the supervisor calls a container that those below a cgroup call by a name of their own. */
export function idOf(
  { container, base, inode }: Pick<ConfinedScope, 'container' | 'base' | 'inode'>,
  name: string,
): string {
  const hash = createHash('sha256').update(`${inode} ${base}`).digest('hex').slice(0, 16);
  return `${container.slice(0, 40)}.${hash}.${name}`;
}

/** Tells whether a container belongs to those below a cgroup. */
export function isFrom({ base, inode }: Pick<ConfinedScope, 'base' | 'inode'>, origin: Origin): boolean {
  return origin.base === base && origin.inode === inode;
}

/** Returns the name of its cgroup: one that no file of a controller has, nor any that corral makes otherwise. */
export function directoryOf({ name }: Pick<Origin, 'name'>): string {
  return `container-${name}`;
}
