import { CAPABILITIES } from '../../util/linux.js';
import { SIGNALS } from '../../util/signals.js';
import { FILTER_WORDS } from '../filter.js';
import type { Flag, Flags } from '../flags/flag.js';
import type { NameKind, Verb } from '../verb.js';

/** What may stand in a place: `copy`: names of those that run, with a colon, or files; `anything`: nothing can be offered. */
export type Kind = NameKind | 'files' | 'directories' | 'copy' | 'verbs' | 'command' | 'anything';

/** Those that are names of containers. */
export const NAME_KINDS: readonly NameKind[] = ['containers', 'known', 'kept', 'held', 'ended'];

/** What is offered in a place. */
export interface Offer {
  readonly kind: Kind;
  readonly words: readonly string[];
}

/** A flag, as a shell is told of it. */
export interface OfferedFlag {
  readonly short?: string;
  readonly long: string;
  readonly help: string;
  /** Absent of one that takes no value. */
  readonly value?: Offer;
}

/** A verb, as a shell is told of it. */
export interface OfferedVerb {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly flags: readonly OfferedFlag[];
  /** What its operands are, one after the other; the last one stands for all that follow. */
  readonly operands: readonly Offer[];
}

/** An entry of the table of verbs. */
export interface Entry {
  readonly summary: string;
  readonly aliases?: readonly string[];
  readonly load: () => Promise<Verb>;
}

/** What the shells are told of verbs, by the tables that the command line itself is made of. */
export function offerVerb(name: string, entry: Entry, verb: Verb, everywhere: Flags): OfferedVerb {
  return {
    name,
    aliases: entry.aliases ?? [],
    summary: entry.summary,
    flags: offerFlags({ ...verb.flags, ...everywhere }),
    operands: verb.operands
      .split(' ')
      .filter((operand) => operand !== '')
      .map((operand) => offerOperand(operand, verb)),
  };
}

/** Returns flags as shells are told of them, and `--help`. */
export function offerFlags(flags: Flags): readonly OfferedFlag[] {
  return [...Object.values(flags).map(offerFlag), { short: '-h', long: '--help', help: 'print this' }];
}

function offerFlag(flag: Flag): OfferedFlag {
  const [, short, long = '', placeholder] = /^(?:(-\w), )?(--[\w-]+)(?: <(.*)>)?$/.exec(flag.flags) ?? [];
  const words = 'values' in flag ? flag.values : undefined;
  return {
    ...(short === undefined ? {} : { short }),
    long,
    help: flag.help,
    ...(placeholder === undefined ? {} : { value: offerValue(placeholder, words) }),
  };
}

const NAMED: Readonly<Partial<Record<string, Offer>>> = {
  FILE: { kind: 'files', words: [] },
  PATH: { kind: 'files', words: [] },
  'SRC:DST[:ro]': { kind: 'files', words: [] },
  DIR: { kind: 'directories', words: [] },
  SIGNAL: { kind: 'anything', words: Object.keys(SIGNALS).map((name) => name.replace(/^SIG/, '')) },
  FILTER: { kind: 'anything', words: FILTER_WORDS },
  CAPABILITY: { kind: 'anything', words: ['ALL', ...CAPABILITIES.map((name) => name.replace(/^CAP_/, ''))] },
};

/** @param placeholder - of the help: `FILE`, `private|none|host`, `unconfined|FILE`, `SIZE|max` */
function offerValue(placeholder: string, words: readonly string[] | undefined): Offer {
  if (words !== undefined) return { kind: 'anything', words };
  const parts = placeholder.split('|').map((part): Offer => {
    return NAMED[part] ?? { kind: 'anything', words: /^[a-z-]+$/.test(part) ? [part] : [] };
  });
  return {
    kind: parts.find(({ kind }) => kind !== 'anything')?.kind ?? 'anything',
    words: parts.flatMap((part) => part.words),
  };
}

const OPERANDS: Readonly<Partial<Record<string, Kind>>> = {
  command: 'command',
  src: 'copy',
  dst: 'copy',
  verb: 'verbs',
};

/** @param operand - as commander reads it: `[name...]` */
function offerOperand(operand: string, { names = 'containers', operandValues }: Verb): Offer {
  const name = operand.replace(/[^\w-]/g, '');
  const kind = name === 'name' ? names : (OPERANDS[name] ?? 'anything');
  return { kind, words: operandValues?.[name] ?? [] };
}
