import type { Answer, FileServer } from './file-server.js';
import type { Request } from './protocol.js';
import { type Entry, type FileTree, type NewEntry, Opened, type Place, describePlace, joinPath } from './tree.js';
import { isContainerError } from '../../errors/container-error.js';
import { SyscallError } from '../../errors/syscall-error.js';

/** The files that a {@link FileServer} serves: a container's, as its root sees them, or the host's, as the caller does. */
export class ServedTree implements FileTree {
  readonly #server: FileServer;
  readonly #prefix: string;

  /** @param id - of the container; absent: the host */
  constructor(server: FileServer, id?: string) {
    this.#server = server;
    this.#prefix = id === undefined ? '' : `${id}:`;
  }

  readonly describe = (path: string): string => `${this.#prefix}${path}`;

  readonly openDirectory = (place: Place): Promise<Opened> => this.#open(place, 'directory');

  readonly openFile = (place: Place): Promise<Opened> => this.#open(place, 'file');

  readonly status = async (place: Place): Promise<Entry | undefined> => {
    try {
      const path = describePlace(this, place);
      return (await this.#ask(`look at ${path}`, place, { operation: 'status' })).entry;
    } catch (error) {
      if (isContainerError(error) && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };

  readonly list = (directory: Opened): Promise<readonly Entry[]> =>
    this.#server.list(`list ${directory.path}`, directory.fd);

  readonly put = async (directory: Opened, entry: NewEntry): Promise<Opened | undefined> => {
    const path = joinPath(directory.path, entry.name);
    const request: Request = { operation: 'put', ...entry };
    try {
      const { fd, entry: made } = await this.#server.ask(`make ${path}`, request, [directory.fd]);
      return fd === undefined ? undefined : new Opened(fd, path, made.identity);
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== 'EPERM' || entry.owner === undefined) throw error;
      const { errno, syscall } = error;
      throw new SyscallError(
        { action: `make ${path}`, syscall, errno },
        { hint: 'only root may keep the owners of files' },
      );
    }
  };

  readonly finish = async (opened: Opened, { mode, modified }: Pick<NewEntry, 'mode' | 'modified'>): Promise<void> => {
    await this.#server.ask(`set the mode of ${opened.path}`, { operation: 'finish', mode, modified }, [opened.fd]);
  };

  readonly link = async (
    directory: Opened,
    name: string,
    to: { readonly directory: Opened; readonly name: string },
  ): Promise<void> => {
    const action = `link ${joinPath(directory.path, name)} to ${joinPath(to.directory.path, to.name)}`;
    await this.#server.ask(action, { operation: 'link', name, target: to.name }, [directory.fd, to.directory.fd]);
  };

  async #open(place: Place, kind: 'file' | 'directory'): Promise<Opened> {
    const path = describePlace(this, place);
    const { fd, entry } = await this.#ask(`open ${path}`, place, { operation: 'open', kind });
    if (fd === undefined) throw new Error(`no descriptor of ${path}`);
    return new Opened(fd, path, entry.identity);
  }

  #ask(action: string, place: Place, request: Request): Promise<Answer> {
    if ('path' in place) return this.#server.ask(action, { ...request, name: place.path });
    return this.#server.ask(action, { ...request, name: place.name }, [place.directory.fd]);
  }
}
