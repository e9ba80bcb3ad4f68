import { isContainerError } from '../errors/container-error.js';
import { LaunchError } from '../errors/launch-error.js';
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
  return hint === undefined ? text : `${text} (hint: ${hint})`;
}

function wordsOf(error: Error & { readonly code: string }, verb: string): string | undefined {
  if (error.code === 'ERR_NOT_FOUND') return 'container does not exist';
  if (error.code === 'ERR_ALREADY_EXISTS') return 'container with given ID already exists';
  if (error.code === 'ERR_STATE')
    return stateWords(error as Error & { readonly status?: string; readonly action?: string });
  if (!(error instanceof LaunchError)) return undefined;
  if (error.op === 'find-executable')
    return `${verb} failed: unable to start container process: ${executableWords(error)}`;
  if (error.op === 'set-working-directory') return directoryWords(error);
  return undefined;
}

function stateWords({
  status = '',
  action = '',
}: {
  readonly status?: string;
  readonly action?: string;
}): string | undefined {
  if (action === 'kill' && status === 'stopped') return 'container not running';
  if (action === 'delete') return `cannot delete container that is not stopped: ${status}`;
  if (action === 'start' && status === 'running') return 'cannot start an already running container';
  if (action === 'start' && status === 'stopped') return 'cannot start a container that has stopped';
  if (action.startsWith('exec') && status === 'stopped') return 'cannot exec in a stopped container';
  if (action.startsWith('exec') && status === 'paused')
    return 'cannot exec in a paused container (use --ignore-paused to override)';
  return undefined;
}

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
