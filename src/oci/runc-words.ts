import { isContainerError } from '../errors/container-error.js';
import { LaunchError } from '../errors/launch-error.js';

/**
 * Says what has failed, where engines look for runc's words in the words that they look for.
 *
 * @see runc libcontainer/error.go; podman libpod/oci_util.go
 */
export function toRuncWords(error: unknown): string {
  if (!isContainerError(error)) return error instanceof Error ? error.message : String(error);
  const { hint } = error;
  const text = wordsOf(error) ?? error.message;
  return hint === undefined ? text : `${text} (hint: ${hint})`;
}

function wordsOf(error: Error & { readonly code: string }): string | undefined {
  if (error.code === 'ERR_NOT_FOUND') return 'container does not exist';
  if (error.code === 'ERR_ALREADY_EXISTS') return 'container with given ID already exists';
  if (error.code === 'ERR_STATE')
    return stateWords(error as Error & { readonly status?: string; readonly action?: string });
  if (error instanceof LaunchError && error.op === 'find-executable') return executableWords(error);
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

function executableWords(error: LaunchError): string {
  const file = error.message.slice('find executable '.length, error.message.lastIndexOf(': '));
  const quoted = JSON.stringify(file);
  const start = 'exec failed: unable to start container process: ';
  if (error.code === 'EACCES') return `${start}exec: ${quoted}: permission denied`;
  if (file.includes('/')) return `${start}exec: ${quoted}: stat ${file}: no such file or directory`;
  return `${start}exec: ${quoted}: executable file not found in $PATH`;
}
