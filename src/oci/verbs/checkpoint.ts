import type { Command } from 'commander';
import { checkpointEngineContainer } from '../../container/engine/criu/checkpoint.js';
import { type SharedFlags, addSharedFlags, parsePageServer, parseStatusFd, toCriuFlags } from '../criu-flags.js';
import type { Verb, VerbCall } from '../verb.js';

interface CheckpointVerbFlags extends SharedFlags {
  readonly parentPath?: string;
  readonly leaveRunning?: true;
  readonly preDump?: true;
  readonly pageServer?: ReturnType<typeof parsePageServer>;
  readonly statusFd?: number;
  readonly tcpSkipInFlight?: true;
  readonly linkRemap?: true;
}

/** `corral-oci checkpoint` */
export const checkpoint: Verb = {
  operands: '<container-id>',
  description: 'Saves a running container as files, by CRIU, and deletes it unless it is left running.',
  configure: (command: Command) => {
    addSharedFlags(command);
    command
      .option('--parent-path <DIR>', 'the images of the dump before, seen from these')
      .option('--leave-running', 'the container goes on')
      .option('--pre-dump', 'only the memory; the container goes on')
      .option('--page-server <ADDRESS:PORT>', 'who gets the pages in place of a file', parsePageServer)
      .option('--status-fd <FD>', 'with --lazy-pages: gets a NUL byte once pages can be asked for', parseStatusFd)
      .option('--tcp-skip-in-flight', 'without TCP connections that are being made')
      .option('--link-remap', 'with files whose names are gone, by links to them');
  },
  act: async ({ operands: [id = ''], flags, globals }: VerbCall<CheckpointVerbFlags>) => {
    const { parentPath, pageServer, statusFd } = flags;
    const failures = await checkpointEngineContainer(globals.store, id, {
      ...toCriuFlags(flags, globals),
      ...(parentPath === undefined ? {} : { parentPath }),
      ...(pageServer === undefined ? {} : { pageServer }),
      ...(statusFd === undefined ? {} : { statusFd }),
      leaveRunning: flags.leaveRunning === true,
      preDump: flags.preDump === true,
      tcpSkipInFlight: flags.tcpSkipInFlight === true,
      linkRemap: flags.linkRemap === true,
    });
    for (const { message } of failures) globals.warn(message);
    return 0;
  },
};
