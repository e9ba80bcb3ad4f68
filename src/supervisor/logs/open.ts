import { mkdirSync } from 'node:fs';
import type { LogPolicy } from '../types.js';
import type { ContainerLog, LogOptions } from './container-log.js';
import { fileCall } from '../file-call.js';
import { JsonLog } from './json-log.js';
import { RawLog } from './raw-log.js';

/**
 * Opens the log of a container, for a new run or one that goes on. There must be no more than one at a time for a container: it is
 * for the one supervisor.
 *
 * What an earlier run, or an earlier supervisor, has not brought into the log is brought there now. With a new run that has to be
 * before the container starts, so: first this, then {@link ContainerLog.openStreams}, then the start.
 *
 * @param directory - of the container; made, for this user alone, unless it is there
 * @throws SyscallError
 */
export function openLog(directory: string, policy: LogPolicy, options: LogOptions = {}): ContainerLog {
  fileCall(`make directory ${directory}`, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  switch (policy.driver) {
    case 'raw':
      return new RawLog(directory, options);
    case 'json':
      return new JsonLog(directory, policy, options);
    case 'none':
      return NO_LOG;
  }
}

const NO_LOG: ContainerLog = {
  path: undefined,
  openStreams: () => ({ stdout: 'ignore', stderr: 'ignore', close: () => undefined }),
  appendTerminal: () => undefined,
  finish: () => Promise.resolve(),
  close: () => undefined,
};
