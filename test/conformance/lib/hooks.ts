import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from './config.js';
import type { State } from './machine.js';

/** What a hook has seen. */
export interface Dump {
  readonly state: State;
  /** Its namespaces: `mnt` → inode. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** What the script printed. */
  readonly text: string;
  /** When it was called, among the others: 0 and on. */
  readonly order: number;
}

const NAMESPACES = ['mnt', 'pid', 'net', 'ipc', 'uts'];

/**
 * Returns a hook that writes down what it sees, into a directory that it finds by the same path.
 *
 * @param script - of sh, of its own: what it prints goes along; `$state` is a file with the state
 */
export function tellingHook(directory: string, name: string, script = ''): Json {
  const file = join(directory, name);
  const lines = [
    `state=${file}.state; cat >$state`,
    `for n in ${NAMESPACES.join(' ')}; do echo $n $(readlink /proc/self/ns/$n); done >${file}.ns`,
    `{ ${script === '' ? ':' : script}; } >${file}.text 2>&1`,
    `echo ${name} >>${directory}/order`,
  ];
  return shellHook(lines.join('\n'));
}

/** A hook that is a script for sh. */
export function shellHook(script: string): Json {
  return { path: '/bin/sh', args: ['sh', '-c', script], env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] };
}

/** Reads what telling hooks have written, by their names. */
export function readDumps(directory: string): Readonly<Record<string, Dump>> {
  const names = readOrder(directory);
  return Object.fromEntries(names.map((name, order) => [name, { ...readDump(join(directory, name)), order }]));
}

/** Returns the names of the hooks that were called, in their order. */
export function readOrder(directory: string): readonly string[] {
  if (!readdirSync(directory).includes('order')) return [];
  return readFileSync(join(directory, 'order'), 'utf8').trim().split('\n');
}

function readDump(file: string): Omit<Dump, 'order'> {
  const read = (kind: string): string => readFileSync(`${file}.${kind}`, 'utf8');
  return {
    state: JSON.parse(read('state')) as State,
    namespaces: Object.fromEntries(
      read('ns')
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    ),
    text: read('text').trim(),
  };
}
