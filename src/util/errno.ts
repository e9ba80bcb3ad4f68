import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(constants.errno)) if (!NAMES.has(number)) NAMES.set(number, name);

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
  return NAMES.get(errno) ?? LINUX_ONLY[errno]?.[0] ?? `errno ${String(errno)}`;
}

/** Returns what a positive errno means, in the words of strerror(3), lower case. */
export function errnoText(errno: number): string {
  return LINUX_ONLY[errno]?.[1] ?? getSystemErrorMap().get(-errno)?.[1] ?? 'unknown error';
}

/** The errno of a name: 1 for `EPERM`; `undefined` when there is none. */
export function errnoNumber(name: string): number | undefined {
  const all = [
    ...Object.entries(constants.errno),
    ...Object.entries(LINUX_ONLY).map(([number, [known]]) => [known, Number(number)] as const),
  ];
  return all.find(([known]) => known === name)?.[1];
}
