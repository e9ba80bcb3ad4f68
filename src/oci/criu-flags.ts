import { fstatSync } from 'node:fs';
import { resolve } from 'node:path/posix';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CriuFlags } from '../container/engine/criu/options.js';
import { CGROUP_MODES } from '../container/engine/criu/rpc.js';
import type { Globals } from './verb.js';

/** Flags of `checkpoint` and `restore`. */
export interface SharedFlags {
  readonly imagePath: string;
  readonly workPath?: string;
  readonly tcpEstablished?: true;
  readonly extUnixSk?: true;
  readonly shellJob?: true;
  readonly fileLocks?: true;
  readonly lazyPages?: true;
  readonly autoDedup?: true;
  readonly manageCgroupsMode?: NonNullable<CriuFlags['manageCgroupsMode']>;
}

/** Adds {@link SharedFlags}. */
export function addSharedFlags(command: Command): void {
  command
    .option('--image-path <DIR>', 'where the images are', 'checkpoint')
    .option('--work-path <DIR>', 'where criu writes its log (default: beside the images)')
    .option('--tcp-established', 'with open TCP connections')
    .option('--ext-unix-sk', 'with Unix sockets whose other end is outside')
    .option('--shell-job', 'with a terminal that is not its own')
    .option('--file-locks', 'with locks of files')
    .option('--lazy-pages', 'bring memory when it is asked for: userfaultfd(2)')
    .option('--auto-dedup', 'remove pages from older images that newer ones have')
    .addOption(
      new Option('--manage-cgroups-mode <MODE>', 'what criu does about cgroups: soft unless given').choices(
        Object.keys(CGROUP_MODES),
      ),
    )
    .option('--empty-ns <TYPE>', 'network: its devices are left to the engine, as they are in any case', checkEmpty);
}

function checkEmpty(value: string): string {
  if (value === 'network') return value;
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not network: no other namespace can be restored empty.`);
}

/** Returns them as they are asked for below. */
export function toCriuFlags(flags: SharedFlags, { criu }: Globals): CriuFlags {
  const { workPath, manageCgroupsMode } = flags;
  return {
    program: criu,
    imagePath: resolve(flags.imagePath),
    ...(workPath === undefined ? {} : { workPath: resolve(workPath) }),
    tcpEstablished: flags.tcpEstablished === true,
    extUnixSk: flags.extUnixSk === true,
    shellJob: flags.shellJob === true,
    fileLocks: flags.fileLocks === true,
    lazyPages: flags.lazyPages === true,
    autoDedup: flags.autoDedup === true,
    ...(manageCgroupsMode === undefined ? {} : { manageCgroupsMode }),
  };
}

/** Reads `ADDRESS:PORT`; an IPv6 address stands in brackets. @throws InvalidArgumentError */
export function parsePageServer(value: string): { readonly address: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? [];
  const address = bracketed ?? plain;
  const number = Number(port);
  if (address !== undefined && number > 0 && number < 65_536) return { address, port: number };
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not ADDRESS:PORT.`);
}

/** Reads the number of a descriptor that is open here; -1 is none. @throws InvalidArgumentError */
export function parseStatusFd(value: string): number | undefined {
  if (value === '-1') return undefined;
  const number = /^\d{1,7}$/.test(value) ? Number(value) : -1;
  try {
    fstatSync(number);
    return number;
  } catch {
    throw new InvalidArgumentError(`${JSON.stringify(value)} is not an open descriptor.`);
  }
}
