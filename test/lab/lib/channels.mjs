// Named pipes from a guest's engine to here: an engine opens or inherits them as plain files, which it cannot do with the
// sockets that Node calls pipes.
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { command } from './command.mjs';

/** One such pipe. */
class Channel {
  #reader;
  #writer;

  /** @param {string} path an existing named pipe */
  constructor(path) {
    // The reader first: without one, an open for writing would wait.
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_CLOEXEC);
    this.#writer = openSync(path, constants.O_WRONLY | constants.O_CLOEXEC);
  }

  /** The end for the engine. It stays open here until `closeWriter`. */
  get writer() {
    return this.#writer;
  }

  /** To be called when the engine has its own: the reader ends when nobody is left who could write. */
  closeWriter() {
    closeSync(this.#writer);
  }

  /**
   * Reads until the engine has closed its end.
   *
   * @param {(chunk: Buffer) => void} take
   * @returns {Promise<void>}
   */
  read(take) {
    const socket = new Socket({ fd: this.#reader, readable: true, writable: false });
    return new Promise((resolve, reject) => {
      socket.on('data', take).once('error', reject).once('close', resolve);
    });
  }
}

/**
 * @param {string} directory
 * @param {readonly string[]} names
 * @returns {Promise<Map<string, Channel>>}
 */
export async function openChannels(directory, names) {
  const paths = names.map((name) => join(directory, name));
  await command('mkfifo', paths);
  return new Map(names.map((name, index) => [name, new Channel(paths[index])]));
}
