import { getSystemErrorMap } from 'node:util';

let names: Map<number, string> | undefined;

// Read when the first error needs one: node:os takes half a millisecond to load.
function readNames(): Map<number, string> {
  const found = new Map<number, string>();
  for (const [name, number] of listErrnos()) if (!found.has(number)) found.set(number, name);
  return found;
}

function listErrnos(): readonly (readonly [name: string, errno: number])[] {
  return Object.entries(process.getBuiltinModule('node:os').constants.errno);
}

// What Linux has and libuv, whose table Node shows, does not.
const LINUX_ONLY: Readonly<Record<number, readonly [name: string, text: string]>> = {
  15: ['ENOTBLK', 'block device required'],
  44: ['ECHRNG', 'channel number out of range'],
  87: ['EUSERS', 'too many users'],
  117: ['EUCLEAN', 'structure needs cleaning'],
  126: ['ENOKEY', 'required key not available'],
};

/** Returns the symbolic name of a positive errno: `EPERM` for 1. */
export function errnoName(errno: number): string {
  names ??= readNames();
  return names.get(errno) ?? LINUX_ONLY[errno]?.[0] ?? `errno ${String(errno)}`;
}

/** Returns what a positive errno means, in the words of strerror(3), lower case. */
export function errnoText(errno: number): string {
  return LINUX_ONLY[errno]?.[1] ?? getSystemErrorMap().get(-errno)?.[1] ?? 'unknown error';
}

/** The errno of a name: 1 for `EPERM`; `undefined` when there is none. */
export function errnoNumber(name: string): number | undefined {
  const all = [
    ...listErrnos(),
    ...Object.entries(LINUX_ONLY).map(([number, [known]]) => [known, Number(number)] as const),
  ];
  return all.find(([known]) => known === name)?.[1];
}
