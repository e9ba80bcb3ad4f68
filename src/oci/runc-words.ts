import { isContainerError } from '../errors/container-error.js';
import { LaunchError } from '../errors/launch-error.js';
import { StateError } from '../errors/state-errors.js';
import { errnoText } from '../util/errno.js';

/**
 * Says what has failed, where engines look for runc's words in the words that they look for.
 *
 * @param verb - what was asked for: `exec`
 * @see runc libcontainer/error.go; podman libpod/oci_util.go
 */
export function toRuncWords(error: unknown, verb: string): string {
  if (!isContainerError(error)) return error instanceof Error ? error.message : String(error);
  const { hint } = error;
  const text = wordsOf(error, verb) ?? error.message;
  // What runc says in a word or two is all that there is to say: hints are about other commands there.
  return hint === undefined || WORDS[error.code] !== undefined ? text : `${text} (hint: ${hint})`;
}

const WORDS: Readonly<Record<string, string>> = {
  ERR_NOT_FOUND: 'container does not exist',
  ERR_ALREADY_EXISTS: 'container with given ID already exists',
};

function wordsOf(error: Error & { readonly code: string }, verb: string): string | undefined {
  if (error instanceof StateError) return stateWords(error);
  if (!(error instanceof LaunchError)) return WORDS[error.code];
  if (error.op === 'find-executable')
    return `${verb} failed: unable to start container process: ${executableWords(error)}`;
  if (error.op === 'set-working-directory') return directoryWords(error);
  return undefined;
}

function stateWords({ status, action, id = '' }: StateError): string | undefined {
  switch (action) {
    case 'start':
      return START_WORDS[status] ?? `cannot start a container in the ${status} state`;
    case 'exec in':
      return EXEC_WORDS[status];
    case 'checkpoint':
      return `Container cannot be checkpointed in ${status} state`;
    case 'delete':
      return `cannot delete container ${id} that is not stopped: ${status}`;
    case 'resume':
      return 'container not paused';
    case 'pause':
      return 'container not running';
    default:
      return status === 'stopped' ? 'container not running' : undefined;
  }
}

const START_WORDS: Readonly<Record<string, string>> = {
  running: 'cannot start an already running container',
  stopped: 'cannot start a container that has stopped',
};

const EXEC_WORDS: Readonly<Record<string, string>> = {
  stopped: 'cannot exec in a stopped container',
  paused: 'cannot exec in a paused container (use --ignore-paused to override)',
};

function executableWords({ message, code, errno }: LaunchError): string {
  const file = message.slice('find executable '.length, message.lastIndexOf(': '));
  const quoted = JSON.stringify(file);
  // In the PATH, what may not be executed is passed over.
  if (!file.includes('/')) return `exec: ${quoted}: executable file not found in $PATH`;
  if (code === 'EACCES') return `exec: ${quoted}: permission denied`;
  return `exec: ${quoted}: stat ${file}: ${errnoText(errno)}`;
}

// A try with the container's user has words of its own in the plan, which mean nothing to engines.
function directoryWords({ message, code, errno }: LaunchError): string {
  const path = message.slice('change directory to '.length, message.lastIndexOf(': ')).replace(AGAIN, '');
  if (code === 'EXDEV') return OUTSIDE;
  return `chdir to cwd (${JSON.stringify(path)}) set in config.json failed: ${errnoText(errno)}`;
}

const AGAIN = ', where it was closed before';
const OUTSIDE =
  'current working directory is outside of container mount namespace root -- possible container breakout detected';
