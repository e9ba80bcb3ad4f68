import { spawnSync } from 'node:child_process';
import { printOut } from '../../cli/print.js';
import { listEngineProcesses } from '../../container/engine/control.js';
import { ContainerError } from '../../errors/container-error.js';
import { formatFlag } from '../flag-words.js';
import type { Verb, VerbCall } from '../verb.js';

/** `corral-oci ps` */
export const ps: Verb = {
  operands: '<container-id> [ps-options...]',
  description: 'Lists the processes of a container: their ids as JSON, or what ps(1) says of them.',
  takesCommand: true,
  configure: (command) => command.addOption(formatFlag()),
  act: ({ operands: [id = '', ...options], flags, globals }: VerbCall<{ readonly format: string }>) => {
    const pids = listEngineProcesses(globals.store, id);
    printOut(flags.format === 'json' ? `${JSON.stringify(pids)}\n` : selectLines(runPs(options), pids));
    return 0;
  },
};

function runPs(options: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('ps', options.length === 0 ? ['-ef'] : options, {
    encoding: 'utf8',
  });
  if (error !== undefined) throw new ContainerError(`run ps: ${error.message}`, 'ERR_PS', { cause: error });
  if (status !== 0) throw new ContainerError(`run ps: ${stderr.trim()}`, 'ERR_PS');
  return stdout;
}

/** Returns the head of what ps(1) has printed, and the lines of some processes. @throws ContainerError without pids in it */
function selectLines(text: string, pids: readonly number[]): string {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const column = head.trim().split(/\s+/).indexOf('PID');
  if (column < 0) throw new ContainerError('run ps: its output has no column PID', 'ERR_PS');
  const wanted = new Set(pids.map(String));
  const kept = lines.filter((line) => wanted.has(line.trim().split(/\s+/)[column] ?? ''));
  return [head, ...kept].map((line) => `${line}\n`).join('');
}
