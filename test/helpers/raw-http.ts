import { once } from 'node:events';
import { type Socket, createConnection } from 'node:net';

/** An answer, as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Connects to a Unix socket. */
export async function dial(path: string): Promise<Socket> {
  const socket = createConnection({ path });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes over a connection of their own, and returns all that comes back until it is closed. */
export async function exchange(path: string, bytes: string | Buffer): Promise<string> {
  const socket = await dial(path);
  socket.write(bytes);
  return untilClosed(socket);
}

/** Returns all that still comes over a connection. */
export async function untilClosed(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Not once(): an error on the way is part of what is tested.
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(chunks).toString();
}

/** Takes an answer apart. */
export function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { status: Number(first.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}

/** Has the connection closed after the answer. */
export const LAST = 'Connection: close\r\n\r\n';

/** Asks over a connection of its own. @param line - `GET /v1/ping` */
export async function askRaw(socket: string, line: string, body?: string | Buffer, headers = ''): Promise<RawAnswer> {
  const length = body === undefined ? '' : `Content-Length: ${String(Buffer.byteLength(body))}\r\n`;
  const head = Buffer.from(`${line} HTTP/1.1\r\nHost: x\r\n${headers}${length}${LAST}`);
  return parseAnswer(await exchange(socket, Buffer.concat([head, Buffer.from(body ?? '')])));
}

/** Returns the error that an answer says. */
export function errorOf({ body }: RawAnswer): {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly option?: string;
} {
  return (JSON.parse(body) as { error: { code: string; message: string } }).error;
}
