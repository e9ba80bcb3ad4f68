import { closeSync, readFileSync } from 'node:fs';
import { ContainerError } from '../../../errors/container-error.js';
import { LaunchError } from '../../../errors/launch-error.js';
import { addon } from '../../../native/addon.js';
import { call } from '../../../native/call.js';
import { untilReady } from '../../../native/fd-watch.js';
import type { Pidfd } from '../../../native/pidfd.js';
import type { FdPlan } from '../../../plan/types.js';
import type { Step } from '../../../plan/steps.js';
import type { UndoStack } from '../../../util/undo.js';
import type { LaunchedProcess, ProcessContent } from '../../launch.js';
import { CRIU_TYPES, type CriuResponse, decodeResponse, encodeFeatureCheck, encodeNotified } from './rpc.js';

/** A criu that waits for requests. */
export interface CriuSession {
  readonly pid: number;
  readonly pidfd: Pidfd;
  /** The caller's end of its socket. */
  readonly socket: number;
  readonly log: string;
}

/** What happens in the middle of a request. */
export interface CriuListener {
  /** @param fd - what came with it; belongs to the listener */
  readonly onNotification: (script: string, pid: number, fd: number | undefined) => Promise<void> | void;
}

/** What {@link openSession} needs besides. */
export interface SessionOptions {
  /** The program: a name is looked up in PATH. */
  readonly program: string;
  readonly undo: UndoStack;
  /** Where it writes its log. */
  readonly log: string;
  /** What is done before it is executed, and with which descriptors. */
  readonly before?: { readonly fds: readonly FdPlan[]; readonly steps: readonly Step[] };
  /** Descriptors that it gets from 4 on; they stay the caller's. */
  readonly handed?: readonly number[];
}

/** The number of its own end of the socket there. */
const SOCKET = 3;

/**
 * Starts a criu that is spoken to by a socket: `criu swrk`, which is how runtimes drive it.
 *
 * @param launch - launches it as a child of this process
 * @throws ContainerError where there is no criu
 * @see criu(8) "swrk"
 */
export async function openSession(
  { program, undo, log, before, handed = [] }: SessionOptions,
  launch: (content: () => ProcessContent) => Promise<LaunchedProcess>,
): Promise<CriuSession> {
  const [socket, theirs] = call('create socket pair', () => addon.socketpair());
  undo.push('close socket to criu', () => {
    closeSync(socket);
  });
  const passed = [theirs, ...handed];
  const content = (): ProcessContent => ({
    fds: [
      ...STREAMS,
      ...(before?.fds ?? []),
      ...passed.map((number, index): FdPlan => ({ slot: slotOf(index), kind: 'inherited', number })),
    ],
    steps: [
      ...(before?.steps ?? []),
      { op: 'set-standard-streams', stdin: 'stdin', stdout: 'stdout', stderr: 'stderr' },
      ...passed.map((_, index): Step => {
        return {
          op: 'place-descriptor',
          descriptor: slotOf(index),
          number: SOCKET + index,
          first: SOCKET + passed.length,
        };
      }),
      { op: 'find-executable', file: program, path: process.env['PATH'] ?? '' },
      { op: 'close-descriptors', first: SOCKET + passed.length },
      { op: 'exec', argv: ['criu', 'swrk', String(SOCKET)], environment: environment() },
    ],
  });
  try {
    const { pid, pidfd } = await launch(content);
    return { pid, pidfd, socket, log };
  } catch (error) {
    if (!(error instanceof LaunchError) || error.op !== 'find-executable') throw error;
    throw new ContainerError(`find ${program}: no such program: CRIU is not installed`, 'ERR_UNSUPPORTED', {
      hint: 'install criu, or name it with --criu: nothing else can checkpoint and restore',
      cause: error,
    });
  } finally {
    closeSync(theirs);
  }
}

const slotOf = (index: number): string => `passed-${String(index)}`;

const STREAMS: readonly FdPlan[] = [
  { slot: 'report', kind: 'report' },
  ...(['stdin', 'stdout', 'stderr'] as const).map((stream): FdPlan => ({ slot: stream, kind: 'stream', stream })),
];

function environment(): readonly string[] {
  return Object.entries(process.env).map(([name, value = '']) => `${name}=${value}`);
}

/**
 * Sends a request, and waits for its end.
 *
 * @returns the last response
 * @throws ContainerError with what criu's log says
 */
export async function ask(
  session: CriuSession,
  request: Uint8Array,
  listener: CriuListener = { onNotification: closeUnwanted },
): Promise<CriuResponse> {
  send(session, request);
  for (;;) {
    const { response, fd } = await receive(session);
    const { type, success, notification } = response;
    if (type === CRIU_TYPES.notify && notification !== undefined) {
      await listener.onNotification(notification.script, notification.pid ?? 0, fd);
      send(session, encodeNotified(true));
      continue;
    }
    if (fd !== undefined) closeSync(fd);
    if (success) return response;
    throw failed(session, response.error);
  }
}

/** Does nothing about a notification. */
export function closeUnwanted(_script: string, _pid: number, fd: number | undefined): void {
  if (fd !== undefined) closeSync(fd);
}

/** Makes sure that this criu and this kernel can do something that not all can. @throws ContainerError */
export async function checkFeature(session: CriuSession, feature: 'memTrack' | 'lazyPages'): Promise<void> {
  const { features } = await ask(session, encodeFeatureCheck({ [feature]: true }));
  if (features[feature]) return;
  throw new ContainerError(`${FLAGS[feature]} needs ${NEEDED[feature]}`, 'ERR_UNSUPPORTED', {
    hint: 'criu check --all says what is missing',
  });
}

const FLAGS = { memTrack: '--pre-dump', lazyPages: '--lazy-pages' } as const;
const NEEDED = {
  memTrack: 'a kernel that tracks changes of memory: CONFIG_MEM_SOFT_DIRTY',
  lazyPages: 'a kernel with userfaultfd, and a criu that knows how to use it',
} as const;

function send({ socket }: CriuSession, data: Uint8Array): void {
  call('send to criu', () => {
    addon.sendMessage({ fd: socket, data, fds: [] });
  });
}

const MOST = 64 * 1024;

async function receive(
  session: CriuSession,
): Promise<{ readonly response: CriuResponse; readonly fd: number | undefined }> {
  for (;;) {
    const message = call('receive from criu', () => addon.receiveMessage({ fd: session.socket, maxBytes: MOST }));
    if (message === null) {
      await untilReady(session.socket, 'readable');
      continue;
    }
    const [fd, ...more] = message.fds;
    more.forEach(closeSync);
    if (message.data.length > 0) return { response: decodeResponse(message.data), fd };
    throw failed(session, 'it has ended in the middle of it');
  }
}

function failed({ log }: CriuSession, error: string): ContainerError {
  const lines = readErrors(log);
  const text = [...lines, ...(error === '' ? [] : [error])].join('; ') || 'it has not said why';
  return new ContainerError(`criu: ${text}`, 'ERR_CRIU', {
    hint: `${lines.length > 0 ? `${log} says more; ` : ''}criu check says whether this kernel can do it`,
  });
}

/** How many lines of the log an error repeats. */
const LINES = 4;

// (00.143936) Error (criu/files-reg.c:1790): Can't lookup mount=24 for fd=0 path=/dev/null
function readErrors(log: string): readonly string[] {
  try {
    const lines = readFileSync(log, 'utf8').matchAll(/^\(?[\d.]*\)?[\s\d:]*Error \([^)]*\): (.*)$/gm);
    return [...lines]
      .map(([, text = '']) => text.trim())
      .filter((text) => !text.startsWith('rlimit:'))
      .slice(-LINES);
  } catch {
    return [];
  }
}
