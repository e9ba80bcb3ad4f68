import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { isMissingFile } from '../../../util/missing.js';

/** The file among the images that says what a container's streams were: runc's, so that images can go from one to the other. */
export const DESCRIPTORS = 'descriptors.json';

/**
 * Returns what the three streams of a process are, as criu calls them: pipes, and files of the host.
 *
 * @param mounts - the ids of the mounts that the process sees
 */
export function describeStreams(pid: number, mounts: ReadonlySet<number>): readonly string[] {
  return [0, 1, 2].map((stream) => describeStream(`/proc/${String(pid)}`, stream, mounts));
}

function describeStream(process: string, stream: number, mounts: ReadonlySet<number>): string {
  try {
    const path = `${process}/fd/${String(stream)}`;
    const target = readlinkSync(path);
    const [, mount] = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`${process}/fdinfo/${String(stream)}`, 'utf8')) ?? [];
    const status = statSync(path);
    if (!target.startsWith('/') || !status.isFile() || mounts.has(Number(mount))) return target;
    return `file[${Number(mount).toString(16)}:${status.ino.toString(16)}]`;
  } catch (error) {
    if (isMissingFile(error)) return '';
    throw error;
  }
}

/** Returns those that criu has to be told of when it dumps; of pipes it finds out by itself. */
export function dumpedStreams(streams: readonly string[]): readonly string[] {
  return [...new Set(streams.filter((stream) => stream.startsWith('file[')))];
}

/** Returns what takes their place: this process's own. */
export function inheritedStreams(streams: readonly string[]): readonly { readonly key: string; readonly fd: number }[] {
  return streams.flatMap((key, fd) => (/^(pipe:|file)\[/.test(key) ? [{ key, fd }] : []));
}
