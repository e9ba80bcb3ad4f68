import { readdirSync } from 'node:fs';
import type { CommandLine } from './argv.js';
import type { Places } from './prepare.js';
import { type Ending, type Ended, ID, judgeMessage, start } from './run-case.js';

/** What corral-oci ends with when it refuses; `exec` has another one. */
const REFUSALS = [1, 255];

/** Where containers are registered when nothing is said. */
const DEFAULT_ROOT = '/run/corral-oci';

/**
 * Runs a command line of corral-oci, with a created container there or not, and clears away what it was right to leave.
 *
 * A clear error is a line or a few on standard error; help is on standard output, and no error.
 */
export async function runCommand(places: Places, line: CommandLine, timeoutMs: number): Promise<Ending> {
  const { bundle, state } = places;
  if (line.hasContainer) await start(['--root', state, 'create', '--bundle', bundle, ID], { timeoutMs, cwd: bundle });
  const ended = await start(line.argv, { timeoutMs, cwd: bundle });
  // `--root ''` is the working directory.
  for (const root of [state, DEFAULT_ROOT, bundle]) {
    for (const id of listContainers(root)) {
      const { code, stderr } = await start(['--root', root, 'delete', '--force', id], { timeoutMs, cwd: bundle });
      if (code !== 0) return { outcome: 'finding', detail: 'a container that cannot be deleted', message: stderr };
    }
  }
  return judge(ended, line.argv);
}

function listContainers(root: string): readonly string[] {
  try {
    return readdirSync(root).flatMap((name) => /^(.*)[.]state$/.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}

function judge({ code, signal, stderr, late }: Ended, argv: readonly string[]): Ending {
  const message = `${JSON.stringify(argv)}\n${stderr}`;
  if (late) return { outcome: 'ran', detail: 'killed after a time' };
  if (code === null) return { outcome: 'finding', detail: `the program was ended by ${String(signal)}`, message };
  const problem = judgeMessage(`${stderr} `);
  if (problem !== undefined) return { outcome: 'finding', detail: problem, message };
  if (!REFUSALS.includes(code)) return { outcome: 'ran', detail: `exit code ${String(code)}` };
  if (stderr.trim() === '') return { outcome: 'finding', detail: 'a refusal without a word', message };
  return { outcome: 'refused', detail: `exit code ${String(code)}`, message };
}
