import { closeSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path/posix';
import { stateDirectory } from '../../container/store.js';
import { isContainerError } from '../../errors/container-error.js';
import { EXIT } from '../exit-codes.js';
import { duration } from '../flags/readers.js';
import { readVersion } from '../help.js';
import { printOut } from '../print.js';
import { printNote } from '../report-error.js';
import { unitFile } from '../unit-files.js';
import type { Verb, VerbCall } from '../verb.js';

interface SuperviseFlags {
  readonly idle?: number;
  readonly onDemand?: true;
  readonly replace?: true;
  readonly unit?: true;
}

/** `corral supervise` */
export const supervise: Verb = {
  operands: '',
  description:
    'Keeps the containers of corral run -d, until it is told to end: logs, restarts, health checks, and the socket. It is started when it is needed; this is for whoever wants it to stay.',
  flags: {
    idle: {
      flags: '--idle <TIME>',
      help: 'end when there has been nothing to do for so long (default: stay)',
      group: 'Supervisor',
      read: duration,
    },
    onDemand: {
      flags: '--on-demand',
      help: 'as corral itself starts it: say when it is ready, as JSON',
      group: 'Supervisor',
      value: true,
    },
    replace: {
      flags: '--replace',
      help: 'where one runs already, have it end, and take its containers over',
      group: 'Supervisor',
      value: true,
    },
    unit: {
      flags: '--unit',
      help: 'print a unit file for systemd, and do nothing else',
      group: 'Supervisor',
      value: true,
    },
  },
  notes: `It ends on SIGTERM and SIGINT. Its containers go on without it: the next
supervisor takes them over.`,
  examples: [
    ['corral supervise', 'in the foreground'],
    [
      'corral supervise --unit > /etc/systemd/system/corral.service',
      'start it at boot: then systemctl enable --now corral',
    ],
  ],
  act: superviseContainers,
};

async function superviseContainers({ options, context }: VerbCall<SuperviseFlags>): Promise<number> {
  const { idle, onDemand, replace, unit } = options;
  if (unit === true) {
    printUnit(context.stateDir);
    return EXIT.ok;
  }
  const [{ runDaemon }, { errorBody }, { READY_FD }, { keepYoungHeapSmall }] = await Promise.all([
    import('../../supervisor/daemon.js'),
    import('../../supervisor/api/error-body.js'),
    import('../../supervisor/client/start-supervisor.js'),
    import('../../supervisor/young-heap.js'),
  ]);
  keepYoungHeapSmall();
  const over = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      over.abort();
    });
  }
  // Whoever has started it may be gone, and the terminal with it.
  process.on('SIGHUP', () => undefined);
  // Node would open its debugger to everybody on this host.
  process.on('SIGUSR1', () => undefined);
  const say = onDemand === true ? sayTo(READY_FD) : undefined;
  if (onDemand === true) process.on('warning', keepIn(context.stateDir));
  const onReady = (socket: string): void => {
    if (say === undefined) printNote(`serves ${socket}`);
    else say({ ready: true });
  };
  try {
    await runDaemon({
      ...context,
      version: readVersion(),
      idleMs: idle ?? (onDemand === true ? IDLE_MS : undefined),
      replace,
      signal: over.signal,
      onReady,
    });
  } catch (error) {
    if (say === undefined) throw error;
    // Somebody else was faster: that one is there.
    const isOther = isContainerError(error) && error.code === 'ERR_SUPERVISED';
    say(isOther ? { ready: true } : errorBody(error));
    return isOther ? EXIT.ok : EXIT.failure;
  }
  // As long as it is there, nobody else can take its containers over; and as long as they run, it would be.
  process.exit(EXIT.ok);
}

function printUnit(stateDir: string | undefined): void {
  const program = [process.execPath, process.argv[1] ?? 'corral'];
  const absolute = stateDir === undefined ? undefined : resolve(stateDir);
  printOut(unitFile(process.geteuid?.() === 0 ? 'system' : 'user', program, absolute));
}

/** How long one that was started on demand stays without anything to do. */
const IDLE_MS = 30_000;

// Said once, to whoever waits for it.
function sayTo(fd: number): (word: object) => void {
  return (word) => {
    try {
      writeSync(fd, `${JSON.stringify(word)}\n`);
      closeSync(fd);
    } catch {
      // Whoever has started it has gone.
    }
  };
}

/** A log of what goes wrong in a supervisor that has no terminal is begun anew at that length. */
const MOST_BYTES = 1024 * 1024;

function keepIn(stateDir: string | undefined): (warning: Error) => void {
  const path = join(stateDirectory(stateDir, process.geteuid?.() ?? 0, process.env), 'supervisor.log');
  return ({ message }) => {
    try {
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      const flag = size > MOST_BYTES ? 'w' : 'a';
      writeFileSync(path, `${new Date().toISOString()} ${message}\n`, { flag, mode: 0o600 });
    } catch {
      // It may be the full disk that was to be told of.
    }
  };
}
