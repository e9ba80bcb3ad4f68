import { constants, openSync } from 'node:fs';
import type { Act } from '../cgroup/types.js';
import { ConfigError } from '../errors/config-error.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { Fd } from '../native/fd.js';
import type { NamespacePlan } from '../plan/types.js';
import { errnoText } from '../util/errno.js';
import type { UndoStack } from '../util/undo.js';

/**
 * Opens the namespaces that a process is to join.
 *
 * @returns the descriptors by slot, the caller's to close; they are on the undo stack, too
 * @throws ConfigError for a path that cannot be opened, or is no namespace of its type
 */
export function openNamespaces(
  namespaces: readonly NamespacePlan[],
  { undo, act }: { readonly undo: UndoStack; readonly act: Act },
): ReadonlyMap<string, Fd> {
  return new Map(
    namespaces.map((namespace) => {
      const { slot, type, path } = namespace;
      const fd = act(`open the ${type} namespace ${path}`, () => {
        const opened = open(namespace);
        undo.push(`close ${slot}`, () => {
          opened.close();
        });
        return opened;
      });
      return [slot, fd];
    }),
  );
}

function open({ path, type, flag, pointer }: NamespacePlan): Fd {
  const fd = openFile(path, type, pointer);
  try {
    if (call(`look at ${path}`, () => addon.namespaceType({ fd: fd.number }), path) === flag) return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
  fd.close();
  throw new ConfigError(pointer, path, `a ${type} namespace`);
}

function openFile(path: string, type: string, pointer: string): Fd {
  try {
    // A pipe there must not be waited for.
    return new Fd(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    throw new ConfigError(pointer, path, `a ${type} namespace that can be opened: ${errnoText(-errno)}`, {
      cause: error,
    });
  }
}
