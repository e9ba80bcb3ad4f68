import { once } from 'node:events';
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path/posix';
import { setTimeout as delay } from 'node:timers/promises';
import { ContainerError } from '../errors/container-error.js';
import { addon } from '../native/addon.js';
import { now } from '../util/now.js';
import { SocketAddress } from './client/socket-address.js';

/** How often, and how long, is waited for one that holds the lock and does not listen: it is on its way in, or out. */
const LOOK_MS = 20;
const PATIENCE_MS = 10_000;

/**
 * Takes the lock that the one supervisor of a state directory holds. It goes with this process, and with nothing else: whoever has it
 * next must find this one's containers without an owner.
 *
 * @param socketPath - where the one that has the lock listens, once it can be asked
 * @returns tells whether this process still has the lock that is at that path
 * @throws ContainerError `ERR_SUPERVISED` when somebody else holds it and can be asked, `ERR_LOCKED` when that one does neither end nor
 *   listen
 */
export async function takeLock(path: string, socketPath: string): Promise<() => boolean> {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const deadline = now() + PATIENCE_MS;
  while (!addon.flock({ fd, operation: 'exclusive' })) {
    const hears = await isListening(socketPath);
    if (hears || now() > deadline) {
      closeSync(fd);
      throw refusal(path, hears);
    }
    await delay(LOOK_MS);
  }
  ftruncateSync(fd);
  writeSync(fd, `${String(process.pid)}\n`, 0);
  const { ino } = fstatSync(fd);
  return () => statSync(path, { throwIfNoEntry: false })?.ino === ino;
}

function refusal(path: string, hears: boolean): ContainerError {
  const pid = readFileSync(path, 'utf8').trim();
  if (hears)
    return new ContainerError(`a supervisor runs already for ${dirname(path)}: process ${pid}`, 'ERR_SUPERVISED');
  return new ContainerError(`lock ${path}: process ${pid} holds it, and does not listen`, 'ERR_LOCKED', {
    hint: 'it may be a supervisor for another state directory, or one that was stopped; its containers go on when it is killed',
  });
}

async function isListening(path: string): Promise<boolean> {
  using address = new SocketAddress(path);
  try {
    const socket = connect(address.short());
    await once(socket, 'connect');
    socket.destroy();
    return true;
  } catch (error) {
    // So many want to be heard by it that there is no room for another.
    return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
  }
}
