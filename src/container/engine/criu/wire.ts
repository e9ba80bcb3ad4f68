/**
 * Protocol buffers, as far as criu's messages need them: varints and length-delimited fields.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @packageDocumentation
 */

import { ContainerError } from '../../../errors/container-error.js';

/** A field: its number, and a number from 0 on, a switch, a text or a message within. */
export type Field = readonly [number: number, value: number | boolean | string | Uint8Array];

/** A message by the numbers of its fields; each may be there several times. */
export type Message = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Writes a message. */
export function encodeMessage(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields.map(encodeField));
}

function encodeField([number, value]: Field): Uint8Array {
  if (typeof value === 'number' || typeof value === 'boolean')
    return Buffer.concat([encodeVarint(number * 8 + VARINT), encodeVarint(Number(value))]);
  const bytes = Buffer.from(value);
  return Buffer.concat([encodeVarint(number * 8 + DELIMITED), encodeVarint(bytes.length), bytes]);
}

function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

/** Reads a message. Fields of kinds that criu does not use are left out. @throws ContainerError for what is none */
export function decodeMessage(bytes: Uint8Array): Message {
  const message = new Map<number, (number | Uint8Array)[]>();
  const reader = new Reader(bytes);
  while (!reader.atEnd) {
    const key = reader.varint();
    const value = reader.value(key % 8);
    const number = Math.floor(key / 8);
    if (value !== undefined) message.set(number, [...(message.get(number) ?? []), value]);
  }
  return message;
}

class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  value(kind: number): number | Uint8Array | undefined {
    if (kind === VARINT) return this.varint();
    if (kind === DELIMITED) return this.#take(this.varint());
    if (kind !== FIXED64 && kind !== FIXED32) throw malformed();
    this.#take(kind === FIXED64 ? 8 : 4);
    return undefined;
  }

  // A negative int32 has ten bytes.
  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = this.#take(1);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw malformed();
  }

  #take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw malformed();
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }
}

function malformed(): ContainerError {
  return new ContainerError('read what criu says: it is no message', 'ERR_CRIU');
}
