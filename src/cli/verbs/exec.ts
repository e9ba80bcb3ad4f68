import type { ProcessResult } from '../../container/result.js';
import type { ProcessOverrides } from '../../spec/exec.js';
import { EXIT_HELP, exitCodeOf } from '../exit-codes.js';
import { CONTAINER_FLAGS, FILE_FLAGS } from '../flags/container.js';
import type { Flag } from '../flags/flag.js';
import { FOREGROUND_FLAGS, type ForegroundOptions } from '../flags/foreground.js';
import type { StartedExec } from '../exec-elsewhere.js';
import { attend, chooseConnections } from '../foreground.js';
import { printNote } from '../report-error.js';
import { type FileFlags, readFiles } from '../launch-options.js';
import { writeResult } from '../result-file.js';
import type { Verb, VerbCall } from '../verb.js';

/** What `corral exec` takes. */
export interface ExecFlags extends ProcessOverrides, ForegroundOptions, Pick<FileFlags, 'envFile'> {}

const { env, cwd, user, groups, capAdd, capDrop, terminal } = CONTAINER_FLAGS;

/** The flags of {@link ExecFlags}. */
export const EXEC_FLAGS = {
  env,
  envFile: FILE_FLAGS.envFile,
  cwd: { ...cwd, help: 'working directory (default: that of its first command)' },
  user: { ...user, help: 'names or ids (default: that of its first command)' },
  groups: { ...groups, help: 'additional group, with --user' },
  capAdd,
  capDrop,
  terminal,
  ...FOREGROUND_FLAGS,
} as const satisfies Record<keyof ExecFlags, Flag>;

const NOTES = `Signals are handed on to the command; the second SIGINT or SIGTERM kills it and
what it has started, and nothing else of the container.

${EXIT_HELP}`;

/** `corral exec` */
export const exec: Verb = {
  operands: '<name> <command...>',
  description:
    'Runs another command in a container that runs: same isolation, same limits, killed alone. Flags come before NAME.',
  flags: EXEC_FLAGS,
  takesCommand: true,
  runs: true,
  notes: NOTES,
  examples: [
    ['corral exec web ps -ef', 'what runs inside'],
    ['corral exec -it -u www-data -e LANG=C web -- sh', 'a shell on a terminal, as another user'],
  ],
  act: execCommand,
};

async function execCommand({ operands, options, context }: VerbCall<ExecFlags>): Promise<number> {
  const { interactive, terminal: tty, quiet, result: resultPath, ...rest } = readFiles(options);
  const [name = '', ...words] = operands;
  // After NAME everything is the command's, but for the `--` that people put there.
  const command = words[0] === '--' ? words.slice(1) : words;
  const [{ Fleet }, { streams, relay }] = await Promise.all([
    import('../fleet.js'),
    chooseConnections({ interactive, terminal: tty }),
  ]);
  const start = async (): Promise<StartedExec> => {
    const fleet = await Fleet.open(context);
    const started = await fleet.exec(name, command, { ...rest, ...streams });
    if (quiet !== true) started.notes.forEach(printNote);
    return started;
  };
  const result = await writeResult(resultPath, () =>
    attend<ProcessResult, StartedExec>(start, { killAt: KILL_AT, quiet: quiet === true, relay }),
  );
  return exitCodeOf(result);
}

const KILL_AT = 2;
