import { isUtf8 } from 'node:buffer';

/** Bytes as JSON has them: text where they are UTF-8. */
export type EncodedBytes = string | { readonly base64: string };

/** Where a piece of output comes from; `output` where standard output and error are not told apart. */
export type OutputStream = 'stdout' | 'stderr' | 'output';

/** A piece of output: `{"stdout":"text"}`. */
export type OutputPiece = Readonly<Partial<Record<OutputStream, EncodedBytes>>>;

/** Returns bytes as JSON can have them. */
export function encodeBytes(data: Uint8Array): EncodedBytes {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}

/** Returns the bytes again. */
export function decodeBytes(data: EncodedBytes): Buffer {
  return typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.base64, 'base64');
}
