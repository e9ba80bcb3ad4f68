import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import { apiDirectory, Store } from '../../../src/container/store.js';
import type { Container } from '../../../src/container/container.js';
import type { ExecOptions } from '../../../src/container/exec.js';
import { text } from 'node:stream/consumers';
import { isContainerError } from '../../../src/errors/container-error.js';
import { API_DIRECTORY, API_SOCKET } from '../../../src/spec/api.js';
import { type Caller, identifyCaller } from '../../../src/supervisor/caller/caller.js';
import { scopeIn } from '../../../src/supervisor/caller/owner-scope.js';
import type { CgroupScope, Scope } from '../../../src/supervisor/caller/scope.js';
import type { MoveFaults } from '../../../src/supervisor/cgroups/move.js';
import { CgroupService } from '../../../src/supervisor/cgroups/service.js';
import { WhenEmpty } from '../../../src/supervisor/cgroups/when-empty.js';
import type { Lab } from '../../helpers/lab.js';

/** What the server of these tests answers. */
export interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** The supervisor's socket without a supervisor: each line is a call of the service for whoever has connected. */
export interface InsideLab {
  /** The socket, outside. */
  readonly socket: string;
  /** How it is reached in a container that was started with `api`. */
  readonly inside: string;
  /** Runs a script in a container that calls by the socket: see inside-client.mjs. */
  readonly ask: (container: Container, script: string, options?: ExecOptions) => Promise<unknown>;
  /** What is put between the steps of a move. */
  faults: MoveFaults;
  /** The scopes that callers were found to have, in the order of their requests. */
  readonly scopes: Scope[];
  readonly whenEmpty: WhenEmpty;
}

export const CLIENT = fileURLToPath(new URL('inside-client.mjs', import.meta.url));

/** Starts the server for each test of a file. Call it before {@link Lab}'s hooks matter: it closes all that it opens. */
export function makeInsideLab(lab: Lab): InsideLab {
  const directory = apiDirectory(lab.stateDir);
  const socket = `${directory}/${API_SOCKET}`;
  const store = new Store(lab.stateDir);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let whenEmpty = new WhenEmpty();
  const inside: InsideLab = {
    socket,
    inside: `${API_DIRECTORY}/${API_SOCKET}`,
    faults: {},
    scopes: [],
    get whenEmpty() {
      return whenEmpty;
    },
    ask: async ({ id }, script, options = {}) => {
      const command = [process.execPath, CLIENT, inside.inside, script];
      const { stdout, stderr, exited } = await lab.containers.exec(id, command, options);
      if (stdout === null || stderr === null) throw new Error('it has no output');
      const [out, err] = await Promise.all([text(stdout), text(stderr)]);
      expect(await exited, err).toMatchObject({ exitCode: 0 });
      return JSON.parse(out) as unknown;
    },
  };
  const serve = (connection: Socket): void => {
    sockets.add(connection);
    let caller: Caller | undefined;
    connection
      .on('error', () => undefined)
      .on('close', () => {
        sockets.delete(connection);
        caller?.close();
      });
    // What fails at accept is told with the first request, as a server of HTTP would.
    const identified = answer(() => {
      caller = identifyCaller(fdOf(connection), store);
    });
    const lines = createInterface({ input: connection });
    lines.on('line', (line) => {
      const { method, args } = JSON.parse(line) as { method: string; args: unknown[] };
      const reply = identified.then((refused) =>
        caller === undefined ? refused : answer(() => serveCall(method, args, caller)),
      );
      void reply.then((said) => connection.write(`${JSON.stringify(said)}\n`));
    });
  };
  const serveCall = (method: string, args: unknown[], caller: Caller | undefined): unknown => {
    const scope = caller?.scope();
    if (scope === undefined) throw new Error('nobody calls');
    inside.scopes.push(scope);
    return method === 'scope' ? scope : call(method, args, scope);
  };
  const call = (method: string, args: unknown[], scope: Scope): unknown => {
    const [first, ...rest] = args;
    const cgroups: CgroupScope =
      scope.kind === 'owner' ? scopeIn(scope, store.get((first as { in: string }).in)) : scope;
    const service = new CgroupService(cgroups, whenEmpty);
    const given = scope.kind === 'owner' ? rest : args;
    if (method === 'move') {
      return service.move(given[0], given[1], inside.faults);
    }
    return (service[method as keyof CgroupService] as (...given: unknown[]) => unknown).apply(service, given);
  };
  beforeEach(async () => {
    whenEmpty = new WhenEmpty();
    inside.faults = {};
    inside.scopes.length = 0;
    mkdirSync(directory, { recursive: true, mode: 0o711 });
    server = createServer(serve);
    await new Promise<void>((resolve) => server?.listen(socket, resolve));
    chmodSync(socket, 0o666);
  });
  afterEach(async () => {
    whenEmpty[Symbol.dispose]();
    for (const connection of sockets) connection.destroy();
    await new Promise((resolve) => server?.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  });
  return inside;
}

/** Connects from outside, as the process of the tests. Close it. */
export async function connect(
  path: string,
): Promise<((method: string, ...args: readonly unknown[]) => Promise<Answer>) & { readonly close: () => void }> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const call = async (method: string, ...args: readonly unknown[]): Promise<Answer> => {
    socket.write(`${JSON.stringify({ method, args })}\n`);
    const { value } = (await lines.next()) as { readonly value: string };
    return JSON.parse(value) as Answer;
  };
  return Object.assign(call, { close: () => socket.destroy() });
}

function fdOf(connection: Socket): number {
  return (connection as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

async function answer(run: () => unknown): Promise<Answer> {
  try {
    return { result: await run() };
  } catch (error) {
    if (!isContainerError(error)) return { error: { code: 'ERR_INTERNAL', message: String(error) } };
    const { code, message, hint } = error;
    return { error: { code, message, ...(hint !== undefined && { hint }) } };
  }
}

/** What an answer looks like that refuses. */
export function refusal(code: string, message: RegExp): object {
  return { error: expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as object };
}

/** The v2 cgroup of a process of this host, as /proc has it. */
export function cgroupOf(pid: number): string {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'))?.[1] ?? '';
}
