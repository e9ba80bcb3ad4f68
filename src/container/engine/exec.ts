import { closeSync } from 'node:fs';
import { compileExec } from '../../compile/exec.js';
import { readHostFacts } from '../../host/read-facts.js';
import type { Process } from '../../spec/types.js';
import { UndoStack } from '../../util/undo.js';
import { type Entry, enter, openInit } from '../enter.js';
import type { Store } from '../store.js';
import { type HandOverOptions, type StartedProcess, handOver } from './console.js';

/** How {@link execInEngineContainer} runs it. */
export interface ExecHow extends HandOverOptions, Pick<Entry, 'subCgroups' | 'ignorePaused'> {
  /** How many descriptors of this process from 3 on it gets, too. */
  readonly preserveFds?: number;
}

/**
 * Runs a further process in a container, with this process's streams or a terminal of its own.
 *
 * @throws NotFoundError; StateError unless it runs, or is paused and that is to be ignored; OptionError for a cgroup that is not there; ConfigError, LaunchError naming the step that failed
 */
export async function execInEngineContainer(
  store: Store,
  id: string,
  process: Process,
  options: ExecHow,
): Promise<StartedProcess> {
  const { preserveFds = 0, subCgroups, ignorePaused } = options;
  const state = store.get(id);
  const undo = new UndoStack();
  try {
    const container = openInit(state, ignorePaused);
    undo.push('close pidfd', () => {
      container.close();
    });
    const facts = readHostFacts({ paths: [], cwd: '/' });
    const streams = { stdin: 0, stdout: 1, stderr: 2 };
    const { process: launched } = await enter({ state, container, undo, streams, subCgroups, ignorePaused }, () =>
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
