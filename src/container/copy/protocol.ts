import type { Entry, NewEntry, Timestamp } from './tree.js';
import { kindOf } from './tree.js';

/**
 * What is said to the `serve-files` step of corral-init, and what it answers. `native/init/files_protocol.h` says the same.
 *
 * @packageDocumentation
 */

const OPERATIONS = { open: 1, status: 2, list: 3, put: 4, finish: 5, link: 6 } as const;

export type Operation = keyof typeof OPERATIONS;

const KINDS: Readonly<Record<NewEntry['kind'], number>> = { file: 1, directory: 2, symlink: 3, fifo: 4 };

const NOBODY = 0xffff_ffff;
const REQUEST_SIZE = 32;
const REPLY_SIZE = 56;

/** The longest packet: the head, a path and a target. */
export const MAX_PACKET = REPLY_SIZE + 2 * 4096;

/** One thing that is asked for. */
export interface Request {
  readonly operation: Operation;
  readonly kind?: NewEntry['kind'];
  readonly name?: string;
  readonly target?: string;
  readonly mode?: number;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  readonly modified?: Timestamp;
}

/** @returns `undefined` when the names are longer than any path may be */
export function encodeRequest(request: Request): Uint8Array | undefined {
  const { operation, kind = 'file', name = '', target = '', mode = 0, owner, modified } = request;
  const text = new TextEncoder().encode(`${name}\0${target}\0`);
  if (REQUEST_SIZE + text.length > MAX_PACKET - REPLY_SIZE + REQUEST_SIZE) return undefined;
  const packet = new Uint8Array(REQUEST_SIZE + text.length);
  const view = new DataView(packet.buffer);
  const words = [OPERATIONS[operation], KINDS[kind], mode, owner?.uid ?? NOBODY, owner?.gid ?? NOBODY];
  for (const [index, word] of [...words, modified?.nanoseconds ?? 0].entries()) view.setUint32(index * 4, word, true);
  view.setBigInt64(24, BigInt(modified?.seconds ?? 0), true);
  packet.set(text, REQUEST_SIZE);
  return packet;
}

/** What came back: an errno, or an entry. */
export type Reply = { readonly errno: number } | { readonly errno: 0; readonly entry: Entry };

/** Reads one packet. */
export function decodeReply(packet: Uint8Array): Reply {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const errno = view.getUint32(0, true);
  if (errno !== 0) return { errno };
  const mode = view.getUint32(4, true);
  const [name, target] = readStrings(packet.subarray(REPLY_SIZE));
  const garbled = name === undefined || target === undefined;
  return {
    errno: 0,
    entry: {
      name: name ?? '',
      kind: kindOf(mode),
      mode: mode & 0o7777,
      uid: view.getUint32(8, true),
      gid: view.getUint32(12, true),
      links: view.getUint32(16, true),
      modified: { seconds: Number(view.getBigInt64(24, true)), nanoseconds: view.getUint32(20, true) },
      size: Number(view.getBigUint64(32, true)),
      identity: `${String(view.getBigUint64(40, true))}:${String(view.getBigUint64(48, true))}`,
      ...(kindOf(mode) === 'symlink' ? { target: target ?? '' } : {}),
      ...(garbled ? { garbled } : {}),
    },
  };
}

function readStrings(text: Uint8Array): readonly [string | undefined, string | undefined] {
  const end = text.indexOf(0);
  return [decodeName(text.subarray(0, end)), decodeName(text.subarray(end + 1, text.indexOf(0, end + 1)))];
}

/** Returns a file name as text, or `undefined` when it is not UTF-8. */
function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
