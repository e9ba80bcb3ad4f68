import { createReadStream, createWriteStream } from 'node:fs';
import { isatty } from 'node:tty';
import type { CopyDestination, CopySource } from '../../container/copy/copy.js';
import { formatSize } from '../../util/size.js';
import { EXIT } from '../exit-codes.js';
import { printJson } from '../print.js';
import { withProgress } from '../progress.js';
import { printNote } from '../report-error.js';
import { UsageError } from '../usage-error.js';
import type { Verb, VerbCall } from '../verb.js';

interface CpFlags {
  readonly archive?: true;
  readonly followLink?: true;
  readonly quiet?: true;
  readonly json?: true;
}

const NOTES = `SRC and DST are paths of this host, or NAME:PATH in a container that runs or is
paused; at least one of them is. A path of this host with a colon in it is
written with a slash: ./a:b.
  SRC -  a tar archive from standard input, unpacked into the directory
         NAME:PATH
  DST -  a tar archive to standard output

A directory goes into DST if that is there, and else becomes DST; of SRC/. only
what is in it goes into DST. Modes and times are kept, symbolic links stay
links. What is copied belongs to the container's root, or on this host to you.
Sockets and devices are left out.

Exit code:
  0  all is copied, but for sockets
  1  something was left out, or it failed`;

/** `corral cp` */
export const cp: Verb = {
  operands: '<src> <dst>',
  description: 'Copies files and directories into a container, out of it, or from one to another, as docker cp does.',
  flags: {
    archive: {
      flags: '-a, --archive',
      help: 'keep owners, by number, and set-user-ID and set-group-ID bits',
      group: 'How',
      value: true,
    },
    followLink: {
      flags: '-L, --follow-link',
      help: 'if SRC is a symbolic link, copy what it leads to',
      group: 'How',
      value: true,
    },
    quiet: {
      flags: '-q, --quiet',
      help: 'do not show how far it is: on a terminal, after a second',
      group: 'Output',
      value: true,
    },
    json: { flags: '--json', help: 'as JSON: how many bytes, and what was left out', group: 'Output', value: true },
  },
  notes: NOTES,
  examples: [
    ['corral cp app.conf web:/etc/app.conf', 'a file into a container'],
    ['corral cp web:/var/log/. logs', 'what is in a directory, out of it'],
    ['corral cp web:/srv - | tar t', 'as an archive'],
  ],
  act: copy,
};

async function copy({ operands, options, context }: VerbCall<CpFlags>): Promise<number> {
  const [source, destination] = operands.map(parseEnd);
  if (source === undefined || destination === undefined) throw new UsageError('SRC and DST are missing');
  if (destination === '-' && options.json === true) throw new UsageError('--json has no place beside an archive');
  if (source === '-' && destination === '-') throw new UsageError('SRC and DST cannot both be -');
  if (typeof source === 'string' && typeof destination === 'string') {
    throw new UsageError('neither SRC nor DST is in a container', 'write it as NAME:PATH');
  }
  const { Fleet } = await import('../fleet.js');
  const fleet = await Fleet.open(context);
  for (const end of [source, destination]) {
    if (typeof end !== 'string') await fleet.here(end === source ? 'copy from' : 'copy to', end.container);
  }
  let copied = 0;
  const how = { ...options, onBytes: (bytes: number) => void (copied += bytes) };
  const { leftOut } = await withProgress(
    options,
    (elapsedMs) => `${formatSize(copied)}B copied, ${formatSize(Math.round((1000 * copied) / elapsedMs))}B a second`,
    () => fleet.running.copy(openSource(source), openDestination(destination), how),
  );
  if (options.json === true) printJson({ bytes: copied, leftOut });
  else for (const { path, reason } of leftOut) printNote(`${path} is left out: ${reason}`);
  return leftOut.some(({ missed }) => missed) ? EXIT.failure : EXIT.ok;
}

type Operand = string | { readonly container: string; readonly path: string };

// As docker reads it: a path of this host that has a colon begins with a slash or a dot.
function parseEnd(text: string): Operand {
  const [, container, path] = /^([^./][^:]*):(.*)$/s.exec(text) ?? [];
  if (container === undefined || path === undefined) return text;
  if (path === '') throw new UsageError(`${text} names no path`, `${text}/ is all of it`);
  return { container, path };
}

function openSource(operand: Operand): CopySource {
  // Not process.stdin: that would turn a pipe non-blocking that others have, too.
  return operand === '-' ? createReadStream('', { fd: 0, autoClose: false }) : operand;
}

function openDestination(operand: Operand): CopyDestination {
  if (operand !== '-') return operand;
  if (isatty(1)) throw new UsageError('an archive is nothing for a terminal', 'redirect it to a file or a pipe');
  return createWriteStream('', { fd: 1, autoClose: false });
}
