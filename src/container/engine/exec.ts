import { closeSync } from 'node:fs';
import { compileExec } from '../../compile/exec.js';
import { readHostFacts } from '../../host/read-facts.js';
import type { Process } from '../../spec/types.js';
import { UndoStack } from '../../util/undo.js';
import { enter, openInit } from '../enter.js';
import type { Store } from '../store.js';
import { type HandOverOptions, type StartedProcess, handOver } from './console.js';

/**
 * Runs a further process in a container, with this process's streams or a terminal of its own.
 *
 * @param options - `preserveFds`: how many descriptors of this process from 3 on it gets, too
 * @throws NotFoundError; StateError unless it runs; ConfigError, LaunchError naming the step that failed
 */
export async function execInEngineContainer(
  store: Store,
  id: string,
  process: Process,
  options: HandOverOptions & { readonly preserveFds?: number },
): Promise<StartedProcess> {
  const { preserveFds = 0 } = options;
  const state = store.get(id);
  const undo = new UndoStack();
  try {
    const container = openInit(state);
    undo.push('close pidfd', () => {
      container.close();
    });
    const facts = readHostFacts({ paths: [], cwd: '/' });
    const streams = { stdin: 0, stdout: 1, stderr: 2 };
    const { process: launched } = await enter({ state, container, undo, streams }, () =>
      compileExec(state.spec, process, { facts, idMaps: state.idMaps, id: state.id, preserveFds }),
    );
    const terminal = await handOver(launched, options);
    undo.release();
    closeSync(launched.reportFd);
    container.close();
    return { pid: launched.pid, pidfd: launched.pidfd, terminal, warnings: launched.notes };
  } catch (error) {
    await undo.unwind();
    throw error;
  }
}
