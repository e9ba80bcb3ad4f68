import { resolve } from 'node:path/posix';
import { OptionError } from '../../errors/option-error.js';
import { SyscallError } from '../../errors/syscall-error.js';
import { errnoNumber } from '../../util/errno.js';
import type { State } from '../state.js';
import type { Found } from './copier.js';
import { FileServer } from './file-server.js';
import { ServedTree } from './served-tree.js';
import { type TypedPath, parseTypedPath } from './target.js';
import type { Entry, FileTree, Opened, Place } from './tree.js';

/** A path of a running container. One that is not absolute begins at its `/`. */
export interface ContainerPath {
  readonly container: string;
  readonly path: string;
}

/** How many links may lead from one to the next, as in the kernel. */
const MAX_LINKS = 40;

/** One end of a copy: a tree, and the path in it that was given. */
export class End implements AsyncDisposable {
  readonly tree: FileTree;
  readonly typed: TypedPath;
  readonly #server: FileServer;
  readonly #opened: Opened[] = [];

  private constructor(server: FileServer, tree: FileTree, typed: TypedPath) {
    this.#server = server;
    this.tree = tree;
    this.typed = typed;
  }

  /**
   * Opens it.
   *
   * @param end - a path of the host, or one of a container
   * @param find - returns the state of a container
   */
  static async open(end: string | ContainerPath, find: (id: string) => State): Promise<End> {
    const { path, container } = typeof end === 'string' ? { path: end, container: undefined } : end;
    if (path === '' || path.includes('\0')) throw new OptionError('path', path, 'a path');
    const typed = parseTypedPath(path, (text) => (container === undefined ? resolve(text) : resolve('/', text)));
    const server = await FileServer.start(container === undefined ? undefined : find(container));
    return new End(server, new ServedTree(server, container), typed);
  }

  /** Finds what the path names. @throws SyscallError ENOENT, ENOTDIR */
  async find({ followLink }: { readonly followLink: boolean }): Promise<Found> {
    const { path, slash, contentsOnly } = this.typed;
    const mustBeDirectory = slash || contentsOnly;
    const place = followLink || mustBeDirectory ? { path } : await this.#named('open', this.placeOf(path));
    const entry = await this.#named('open', this.tree.status(place));
    if (entry === undefined) throw this.failure('open', 'ENOENT');
    if (mustBeDirectory && entry.kind !== 'directory') throw this.failure('open', 'ENOTDIR');
    return { place, entry };
  }

  /**
   * Finds where something is to go: links are followed, a last one that leads to nothing as well, as docker does.
   *
   * @returns the path in the tree, and what is there now
   */
  async findTarget(): Promise<{ readonly path: string; readonly entry: Entry | undefined }> {
    let { path } = this.typed;
    for (let links = 0; links < MAX_LINKS; links++) {
      const place = await this.#named('copy to', this.placeOf(path));
      const entry = await this.#named('copy to', this.tree.status(place));
      if (entry?.kind !== 'symlink') return { path, entry };
      const target = entry.target ?? '';
      path = target.startsWith('/') ? target : `${parseTypedPath(path, (text) => text).parent}/${target}`;
    }
    throw this.failure('copy to', 'ELOOP');
  }

  /** Opens a directory, which is closed with this end. */
  async openDirectory(path: string): Promise<Opened> {
    const opened = await this.tree.openDirectory({ path });
    this.#opened.push(opened);
    return opened;
  }

  /** Returns a path as an entry of its directory, so that a link that it names is not followed. */
  async placeOf(path: string): Promise<Place> {
    const { parent, name } = parseTypedPath(path, (text) => text);
    // These are no entries, and no links either.
    if (['', '.', '..'].includes(name)) return { path };
    return { directory: await this.openDirectory(parent), name };
  }

  /** Returns an error about the path that was given. */
  failure(verb: string, code: string, hint?: string): SyscallError {
    const action = `${verb} ${this.tree.describe(this.typed.text)}`;
    return new SyscallError({ action, syscall: 'openat2', errno: errnoNumber(code) ?? 0 }, { hint });
  }

  // What is wrong with a part of the path is told of the path as it was typed.
  async #named<T>(verb: string, doing: Promise<T>): Promise<T> {
    try {
      return await doing;
    } catch (error) {
      throw error instanceof SyscallError ? this.failure(verb, error.code) : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { fd } of this.#opened) fd.close();
    await this.#server[Symbol.asyncDispose]();
  }
}
