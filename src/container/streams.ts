import { fchownSync, fstatSync, openSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { toHostId } from '../compile/ids.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { Fd } from '../native/fd.js';
import { KEPT, type KeptOutput } from '../plan/kept.js';
import type { IdMapPlan } from '../plan/types.js';
import type { UndoStack } from '../util/undo.js';
import type { Terminal } from './terminal.js';

/**
 * What a standard stream is connected to: a `pipe` to this process, this process's own stream (`inherit`), nothing
 * (`ignore`), an open descriptor, or a file.
 */
export type StreamOption = 'pipe' | 'inherit' | 'ignore' | number | FileStream;

/** A file that the container's output goes into, or its input comes from. */
export interface FileStream {
  readonly file: string;
  /** Write at the end of the file. @default false: the file is emptied first */
  readonly append?: boolean;
}

/** What the three standard streams are connected to. None of them can be set beside a terminal, which takes their place. */
export interface StreamOptions {
  /** @default 'ignore' */
  readonly stdin?: StreamOption;
  /** @default 'pipe' */
  readonly stdout?: StreamOption;
  /** @default 'pipe' */
  readonly stderr?: StreamOption;
}

/** What was chosen for a container, for whoever starts it. The descriptors stay the chooser's. */
export interface ChosenStreams extends StreamOptions {
  readonly kept?: KeptOutput | undefined;
}

/** The ends of the streams: the child's descriptors, and this process's for those that are pipes. */
export interface OpenedStreams {
  readonly child: Readonly<Record<'stdin' | 'stdout' | 'stderr', number>>;
  /** What the init can be given to hold, by slot: still this process's. */
  readonly kept?: ReadonlyMap<string, number>;
  /**
   * Once the child has its ends, closes them here, and turns this process's into Node streams, which own them from then on.
   *
   * @param terminal - the master that came with the launch
   */
  readonly toNode: (terminal?: Fd) => NodeStreams;
}

/** This process's ends; `null` for a stream that is no pipe. */
export interface NodeStreams {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** What takes the place of the three where the process has a terminal. */
  readonly terminal: Terminal | null;
  /** To be called when nobody is left at the other ends: takes what is still in the pipes, and closes this process's ends. */
  readonly finish: () => void;
}

type Name = 'stdin' | 'stdout' | 'stderr';

interface End {
  /** What the child gets. */
  readonly childFd: number;
  /** The same, where it was opened here and is to be closed here. */
  readonly own?: Fd;
  /** This process's end of a pipe. */
  readonly parent?: Fd;
}

/** Who inside the container is to own the pipes: without that, opening /dev/stdout there would be refused. */
export interface StreamOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Returns the host ids of a container's user; `undefined` where the pipes need no new owner. */
export function hostOwner(
  user: { readonly uid: number; readonly gid: number },
  maps: IdMapPlan | undefined,
  privileged: boolean,
): StreamOwner | undefined {
  if (maps === undefined || !privileged) return undefined;
  const uid = toHostId(maps.uids, user.uid);
  const gid = toHostId(maps.gids, user.gid);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/**
 * Opens the standard streams.
 *
 * @param owner - the host ids of the container's process; absent where they are the caller's
 */
export function openStreams(options: ChosenStreams, owner: StreamOwner | undefined, undo: UndoStack): OpenedStreams {
  const open = (name: Name, option: StreamOption): End => {
    const end = openEnd(name, option, owner);
    undo.push(`close ${name}`, () => {
      end.own?.close();
      end.parent?.close();
    });
    return end;
  };
  const stdin = open('stdin', options.stdin ?? 'ignore');
  const stdout = open('stdout', options.stdout ?? 'pipe');
  const stderr = open('stderr', options.stderr ?? 'pipe');
  return {
    child: { stdin: stdin.childFd, stdout: stdout.childFd, stderr: stderr.childFd },
    kept: keepable(stdin.parent, options.kept),
    toNode: () => {
      for (const { own } of [stdin, stdout, stderr]) own?.close();
      const out = toOutput(stdout.parent);
      const err = toOutput(stderr.parent);
      const input = toSocket(stdin.parent, { writable: true });
      return {
        stdin: input,
        stdout: out?.stream ?? null,
        stderr: err?.stream ?? null,
        terminal: null,
        finish: () => {
          input?.destroy();
          out?.finish();
          err?.finish();
        },
      };
    },
  };
}

function keepable(input: Fd | undefined, output: ChosenStreams['kept']): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  if (input !== undefined) found.set(KEPT.input.slot, input.number);
  if (output === undefined) return found;
  const { stdout, stderr } = output;
  return found
    .set(KEPT.output.slot, stdout.pipe)
    .set(KEPT.outputSpool.slot, stdout.spool)
    .set(KEPT.errors.slot, stderr.pipe)
    .set(KEPT.errorsSpool.slot, stderr.spool);
}

const STANDARD_FD: Readonly<Record<Name, number>> = { stdin: 0, stdout: 1, stderr: 2 };

function openEnd(name: Name, option: StreamOption, owner: StreamOwner | undefined): End {
  if (typeof option === 'number') return passOn(option, owner);
  if (option === 'inherit') return passOn(STANDARD_FD[name], owner);
  if (option === 'pipe') return openPipe(name, owner);
  return openOwn(name, option);
}

// `echo > /dev/stdout` opens the stream anew, which only its owner may. A pipe without a name can change hands without harm; a
// file or a device keeps its owner.
function passOn(fd: number, owner: StreamOwner | undefined): End {
  if (owner !== undefined && isAnonymousPipe(fd)) giveUnlessForeign(fd, owner);
  return { childFd: fd };
}

// A pipe from outside this user namespace stays whose it is: what was opened works all the same.
function giveUnlessForeign(fd: number, { uid, gid }: StreamOwner): void {
  try {
    fchownSync(fd, uid, gid);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EPERM') throw error;
  }
}

function isAnonymousPipe(fd: number): boolean {
  return fstatSync(fd).isFIFO() && readlinkSync(`/proc/self/fd/${String(fd)}`).startsWith('pipe:[');
}

function openOwn(name: Name, option: 'ignore' | FileStream): End {
  const path = option === 'ignore' ? '/dev/null' : option.file;
  const appends = option !== 'ignore' && option.append === true;
  const own = new Fd(openSync(path, name === 'stdin' ? 'r' : appends ? 'a' : 'w'));
  return { childFd: own.number, own };
}

function openPipe(name: Name, owner: StreamOwner | undefined): End {
  const [readFd, writeFd] = call(`make pipe for ${name}`, () => addon.pipe());
  // Only ever a pipe: never a device of the host (that is how /dev/null changed hands elsewhere).
  if (owner !== undefined) fchownSync(readFd, owner.uid, owner.gid);
  const [own, parent] = name === 'stdin' ? [new Fd(readFd), new Fd(writeFd)] : [new Fd(writeFd), new Fd(readFd)];
  return { childFd: own.number, own, parent };
}

/** Returns the end of a pipe that is written to as a stream, which owns it from then on. */
export function toInput(end: Fd): Writable {
  return toSocket(end, { writable: true });
}

function toSocket(end: undefined, direction: { readable?: boolean; writable?: boolean }): null;
function toSocket(end: Fd, direction: { readable?: boolean; writable?: boolean }): Socket;
function toSocket(end: Fd | undefined, direction: { readable?: boolean; writable?: boolean }): Socket | null;
function toSocket(end: Fd | undefined, direction: { readable?: boolean; writable?: boolean }): Socket | null {
  if (end === undefined) return null;
  // Loaded where it is needed: who passes its own streams on does not wait for it.
  const { Socket: NetSocket } = process.getBuiltinModule('node:net');
  return new NetSocket({ fd: end.take(), readable: false, writable: false, ...direction });
}

interface Output {
  readonly stream: Readable;
  readonly finish: () => void;
}

// Between the pipe and the reader lies a stream of our own: at the end it takes in what the pipe still holds, 64 KiB at most, so
// that the descriptor can be closed at once and a late reader still gets everything.
function toOutput(end: Fd | undefined): Output | undefined {
  const socket = toSocket(end, { readable: true });
  if (socket === null) return undefined;
  const { PassThrough } = process.getBuiltinModule('node:stream');
  const stream = new PassThrough();
  socket.pipe(stream);
  socket.once('error', (error) => stream.destroy(error));
  // A reader who has had enough: the writer is to get EPIPE, not to wait for ever.
  stream.once('close', () => socket.destroy());
  const finish = (): void => {
    if (socket.readableEnded || socket.destroyed) return;
    socket.unpipe(stream);
    socket.on('data', (chunk: Buffer) => stream.write(chunk));
    socket.once('end', () => stream.end());
    socket.resume();
  };
  return { stream, finish };
}
