import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Mount } from '../../src/spec/types.js';
import { DEV, DEVPTS, type EngineWish, PROC, SYS, engineSpec, runEngineSpec } from './engine.js';
import type { Lab } from './lab.js';

/** What nearly every container has. */
export const ORDINARY: readonly Mount[] = [PROC, DEV, DEVPTS, SYS];

interface Line {
  readonly point: string;
  readonly options: readonly string[];
  readonly tags: readonly string[];
  readonly type: string;
  readonly superOptions: readonly string[];
}

/** What /proc/self/mountinfo says of the mount on `point`, seen from inside. */
export async function lineOf(lab: Lab, mounts: readonly Mount[], point: string, more: EngineWish = {}): Promise<Line> {
  const spec = engineSpec(lab, { ...more, script: 'cat /proc/self/mountinfo', mounts: [...ORDINARY, ...mounts] });
  const { stdout, stderr } = await runEngineSpec(lab, spec);
  const line = parse(stdout).findLast((one) => one.point === point);
  if (line === undefined) throw new Error(`nothing on ${point}: ${stdout}${stderr}`);
  return line;
}

function parse(mountinfo: string): readonly Line[] {
  return mountinfo
    .trim()
    .split('\n')
    .map((text) => {
      const fields = text.split(' ');
      const dash = fields.indexOf('-');
      return {
        point: fields[4] ?? '',
        options: (fields[5] ?? '').split(','),
        tags: fields.slice(6, dash).map((tag) => tag.replace(/:.*/, '')),
        type: fields[dash + 1] ?? '',
        superOptions: (fields[dash + 3] ?? '').split(','),
      };
    });
}

/** A tmpfs of the host with another one in it, for the time of a test: the host's own mounts stay as they are. */
export async function withHostMounts<T>(
  lab: Lab,
  options: readonly string[],
  run: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = lab.directory();
  execFileSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    ['mode=755', ...options.filter((word) => word !== 'shared')].join(','),
    'tmpfs',
    directory,
  ]);
  try {
    if (options.includes('shared')) execFileSync('mount', ['--make-shared', directory]);
    mkdirSync(join(directory, 'below'));
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(directory, 'below')]);
    return await run(directory);
  } finally {
    execFileSync('umount', ['-R', directory]);
  }
}
