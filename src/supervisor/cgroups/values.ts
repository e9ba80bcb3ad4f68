import { constants, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { readIfPresent } from '../../cgroup/files.js';
import { CgroupError } from '../../errors/cgroup-error.js';
import { errnoNumber } from '../../util/errno.js';
import type { Directory } from './directory.js';
import { isReadable, type KnobWrite } from './knobs.js';
import { restoreWrite } from './restore.js';
import { inWords, inWordsAsync } from './words.js';

/** Values of a cgroup, by the name of their file, as the kernel writes them, without the end of the last line. */
export type Values = Readonly<Record<string, string>>;

/**
 * Reads values of a cgroup.
 *
 * @param names - absent: all that there are
 * @throws CgroupError ENOENT for one that this cgroup does not have
 */
export function readValues(directory: Directory, names?: readonly string[]): Values {
  const wanted = names ?? listFiles(directory);
  const entries = wanted.flatMap((file) => {
    const text = readIfPresent(`${directory.path}/${file}`);
    if (text !== undefined) return [[file, text.replace(/\n$/, '')] as const];
    if (names !== undefined) throw describeAbsent(directory, file);
    return [];
  });
  return Object.fromEntries(entries);
}

function listFiles(directory: Directory): readonly string[] {
  const act = { action: `read cgroup ${directory.words}`, cgroup: directory.name.join('/') };
  return inWords(act, () => readdirSync(directory.path).sort()).filter(isReadable);
}

/**
 * Writes values to a cgroup, one after the other. When one is refused, those before it are as they were.
 *
 * @returns when it is done: a limit that makes the kernel reclaim memory takes its time, in a thread of which there are few. So one
 *   request after the other has its values written
 * @throws CgroupError naming the file and the value
 */
export function writeValues(directory: Directory, writes: readonly KnobWrite[]): Promise<void> {
  const done = last.then(() => writeAll(directory, writes));
  last = done.catch(() => undefined);
  return done;
}

let last: Promise<unknown> = Promise.resolve();

async function writeAll(directory: Directory, writes: readonly KnobWrite[]): Promise<void> {
  const undo: KnobWrite[] = [];
  try {
    for (const one of writes) {
      const before = readIfPresent(`${directory.path}/${one.knob}`);
      if (before === undefined) throw describeAbsent(directory, one.knob, one.value);
      await write(directory, one);
      undo.push(restoreWrite(one, before));
    }
  } catch (error) {
    for (const one of undo.reverse()) await write(directory, one).catch(() => undefined);
    throw error;
  }
}

// Without O_CREAT and O_TRUNC, which mean nothing to the kernel's files but another errno for one that is missing.
function write(directory: Directory, { knob, value }: KnobWrite): Promise<void> {
  const act = {
    action: `write ${JSON.stringify(value)} to ${knob} of ${directory.words}`,
    cgroup: directory.name.join('/'),
    file: knob,
    value,
  };
  return inWordsAsync(act, async () => {
    await using file = await open(`${directory.path}/${knob}`, constants.O_WRONLY);
    await file.write(value);
  });
}

function describeAbsent(directory: Directory, file: string, value?: string): CgroupError {
  const verb = value === undefined ? 'read' : `write ${JSON.stringify(value)} to`;
  const [controller = ''] = file.split('.');
  return new CgroupError(
    {
      action: `${verb} ${file} of ${directory.words}`,
      syscall: 'open',
      errno: errnoNumber('ENOENT') ?? 2,
      cgroup: directory.name.join('/'),
      file,
      ...(value !== undefined && { value }),
    },
    {
      hint:
        controller === 'cgroup'
          ? 'this kernel does not have it'
          : `this cgroup does not have the ${controller} controller, or the kernel not that file: ask for the controller when a cgroup is made`,
    },
  );
}
