import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { basename, dirname, join } from 'node:path/posix';
import { makeOwnDirectory } from '../../container/own-directory.js';
import { SyscallError } from '../../errors/syscall-error.js';

/**
 * Has a server listen on a Unix socket that is never there by halves: it is made under another name, and renamed into place,
 * where it takes the place of one that was left there. Everybody may connect to it: who may do what is found out by the caller.
 *
 * @returns what takes it away again, unless it is another's by then
 * @throws SyscallError; ContainerError when others can write its directory
 */
export async function publishSocket(server: Server, path: string): Promise<() => void> {
  const directory = dirname(path);
  makeOwnDirectory(dirname(directory), 'choose another with --state-dir, or stateDir in the library');
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  makeOwnDirectory(directory, 'remove it');
  // The umask has its say in mkdir(2). Whoever is let in to it may pass, and look at nothing.
  chmodSync(directory, 0o711);
  const unfinished = `.${basename(path)}.`;
  for (const name of readdirSync(directory)) if (name.startsWith(unfinished)) rmSync(join(directory, name));
  const name = `${unfinished}${String(process.pid)}`;
  await listen(server, directory, name);
  chmodSync(join(directory, name), 0o666);
  const { ino } = statSync(join(directory, name));
  renameSync(join(directory, name), path);
  return () => {
    if (statSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
  };
}

// An address has 107 bytes at most: through its directory's descriptor every path is short.
async function listen(server: Server, directory: string, name: string): Promise<void> {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    server.listen({ path: `/proc/self/fd/${String(fd)}/${name}`, backlog: 4096 });
    await once(server, 'listening');
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number')) throw error;
    const action = `listen on ${join(directory, name)}`;
    throw new SyscallError({ action, syscall: 'bind', errno: -error.errno, path: directory });
  } finally {
    closeSync(fd);
  }
}
