import { closeSync } from 'node:fs';
import { compileFiles } from '../../compile/files.js';
import { ContainerError } from '../../errors/container-error.js';
import { StateError } from '../../errors/state-errors.js';
import { SyscallError } from '../../errors/syscall-error.js';
import { readHostFacts } from '../../host/read-facts.js';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { Fd } from '../../native/fd.js';
import { untilReady } from '../../native/fd-watch.js';
import { UndoStack } from '../../util/undo.js';
import { openProcess } from '../identity.js';
import { launchProcess } from '../launch.js';
import type { State } from '../state.js';
import { type Request, MAX_PACKET, decodeReply, encodeRequest } from './protocol.js';
import type { Entry } from './tree.js';

/** What was asked for, with the descriptor that it has. */
export interface Answer {
  readonly entry: Entry;
  readonly fd: Fd | undefined;
}

/** A process that reads and makes files, in a container's user and mount namespaces or in those of the caller. */
export class FileServer implements AsyncDisposable {
  readonly #socket: Fd;
  readonly #end: () => Promise<void>;
  #last: Promise<void> = Promise.resolve();

  private constructor(socket: Fd, end: () => Promise<void>) {
    this.#socket = socket;
    this.#end = end;
  }

  /**
   * Starts it.
   *
   * @param state - of a container, which may be paused: the process is in none of its cgroups; absent: the host
   * @throws StateError when the container is not running
   */
  static async start(state?: State): Promise<FileServer> {
    const undo = new UndoStack();
    try {
      using container = state === undefined ? undefined : openInit(state);
      const [socket, far] = call('create socket pair', () => addon.socketpair()).map((fd) => new Fd(fd)) as [Fd, Fd];
      undo.push('close sockets', () => {
        socket.close();
        far.close();
      });
      const fds = new Map([['files', far.number]]);
      if (container !== undefined) fds.set('container', container.fd);
      const plan = compileFiles(state, readHostFacts({ paths: [], cwd: '/' }));
      const launched = await launchProcess(
        { clone: plan.clone, content: () => plan },
        { undo, streams: { stdin: 0, stdout: 1, stderr: 2 }, fds },
        { join: () => undefined },
      );
      far.close();
      undo.release();
      return new FileServer(socket, async () => {
        await launched.pidfd.wait();
        launched.pidfd.close();
        closeSync(launched.reportFd);
      });
    } catch (error) {
      await undo.unwind();
      throw error;
    }
  }

  /**
   * Asks for one thing.
   *
   * @param action - the words for it: `open web:/etc/hosts`
   * @param fds - the directories, or the file, that it is about
   * @throws SyscallError naming the action
   */
  async ask(action: string, request: Request, fds: readonly Fd[] = []): Promise<Answer> {
    this.#send(action, request, fds);
    return this.#inTurn(() => this.#receive(action));
  }

  /** Asks for the entries of a directory. */
  async list(action: string, directory: Fd): Promise<readonly Entry[]> {
    this.#send(action, { operation: 'list' }, [directory]);
    return this.#inTurn(async () => {
      const entries: Entry[] = [];
      for (;;) {
        const { entry } = await this.#receive(action);
        if (entry.name === '' && entry.garbled !== true) return entries;
        entries.push(entry);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#end();
  }

  // Many may ask at once; the answers come in the order of the questions.
  #inTurn<T>(receive: () => Promise<T>): Promise<T> {
    const answer = this.#last.then(receive);
    this.#last = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  #send(action: string, request: Request, fds: readonly Fd[]): void {
    const data = encodeRequest(request);
    if (data === undefined) throw new SyscallError({ action, syscall: 'openat2', errno: ENAMETOOLONG });
    call(action, () => addon.sendMessage({ fd: this.#socket.number, data, fds: fds.map(({ number }) => number) }));
  }

  async #receive(action: string): Promise<Answer> {
    for (;;) {
      const message = call(action, () => addon.receiveMessage({ fd: this.#socket.number, maxBytes: MAX_PACKET }));
      if (message === null) {
        await untilReady(this.#socket.number, 'readable');
        continue;
      }
      const fds = message.fds.map((fd) => new Fd(fd));
      if (message.data.length === 0) {
        throw new ContainerError(`${action}: the container has ended`, 'ERR_STATE');
      }
      const reply = decodeReply(message.data);
      if ('entry' in reply) return { entry: reply.entry, fd: fds[0] };
      throw new SyscallError({ action, syscall: 'openat2', errno: reply.errno });
    }
  }
}

const ENAMETOOLONG = 36;

function openInit({ id, init }: State): NonNullable<ReturnType<typeof openProcess>> {
  if (init === undefined) throw new StateError('copy files of', id, 'being created');
  const pidfd = openProcess(init);
  if (pidfd === undefined) throw new StateError('copy files of', id, 'stopped');
  return pidfd;
}
