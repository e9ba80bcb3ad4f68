import { ConnectionError } from '../../errors/api-error.js';
import { OptionError } from '../../errors/option-error.js';
import type { Attachment } from '../../supervisor/attachment.js';
import type { Client } from '../../supervisor/client/client.js';
import type { RunEnd } from '../../supervisor/types.js';
import { DETACH_KEYS, KeyWatch, parseDetachKeys } from '../detach-keys.js';
import { EXIT, exitCodeOfEnd } from '../exit-codes.js';
import type { Reader } from '../flags/flag.js';
import { printBytes, printErr } from '../print.js';
import type { Verb, VerbCall } from '../verb.js';

interface AttachFlags {
  readonly stdin?: boolean;
  readonly detachKeys?: Uint8Array;
  readonly forwardsSignals?: boolean;
}

const yesOrNo: Reader = (value, { option }) => {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new OptionError(option, value, 'true or false');
};

const keys: Reader = (value, { option }) => parseDetachKeys(value, option);

/** `corral attach` */
export const attach: Verb = {
  operands: '<name>',
  names: 'held',
  description:
    'Connects this terminal with that of a container of corral run -d, or with its streams: what it shows from now on, and what is typed here.',
  flags: {
    stdin: { flags: '--no-stdin', help: 'only show, and hand nothing on', group: 'How', value: false },
    detachKeys: {
      flags: '--detach-keys <KEYS>',
      help: `what leaves it again (default: ${DETACH_KEYS}; "": nothing does)`,
      group: 'How',
      read: keys,
    },
    forwardsSignals: {
      flags: '--sig-proxy <BOOL>',
      help: 'whether signals go to its command, where that has no terminal (default: true)',
      group: 'How',
      read: yesOrNo,
      values: ['true', 'false'],
    },
  },
  notes: `The container goes on when this ends, however that comes. Without a terminal
inside, signals are handed on to its command, Ctrl-C too, unless told otherwise.

Exit code:
  that of the container, where it has ended; 0 when the keys were typed; or
  1  it is not there, or does not run`,
  examples: [
    ['corral attach web', 'ctrl-p ctrl-q leaves it again'],
    ['corral attach --no-stdin web', 'only look'],
  ],
  act: attachToContainer,
};

async function attachToContainer({ operands, options, context }: VerbCall<AttachFlags>): Promise<number> {
  const [id = ''] = operands;
  const { stdin: hasInput = true, detachKeys = parseDetachKeys(DETACH_KEYS, 'detachKeys') } = options;
  const { forwardsSignals = true } = options;
  const { Fleet } = await import('../fleet.js');
  const fleet = await Fleet.open(context);
  const client = await fleet.keeper('attach to', id);
  await fleet.checkUp('attach to', id);
  const over = new AbortController();
  const ended = client.wait(id, { signal: over.signal }).catch(() => undefined);
  const before = (await client.get(id)).lastEnd?.run;
  try {
    do {
      using attachment = await client.attach(id);
      const isDetached = attachment.terminal
        ? await relay(attachment, new KeyWatch(detachKeys), hasInput)
        : await connectStreams({ client, id, attachment, hasInput, forwardsSignals }).catch(unlessLost);
      if (isDetached) return EXIT.ok;
    } while (await runsOn(client, id, before));
    return await exitCodeFor(client, id, ended);
  } finally {
    over.abort();
  }
}

function unlessLost(error: unknown): boolean {
  if (error instanceof ConnectionError) return false;
  throw error;
}

/** Tells whether it was the supervisor that has ended, and not the run: the next one has the container by now. */
async function runsOn(client: Client, id: string, before: number | undefined): Promise<boolean> {
  const now = await client.get(id).catch(() => undefined);
  return now !== undefined && UP.includes(now.status) && now.lastEnd?.run === before;
}

const UP: readonly string[] = ['running', 'paused', 'stopping'];

/** @returns whether the keys were typed */
async function relay(attachment: Attachment, watch: KeyWatch, hasInput: boolean): Promise<boolean> {
  const [{ TerminalRelay }, { AttachedTerminal }] = await Promise.all([
    import('../terminal.js'),
    import('../attached-terminal.js'),
  ]);
  const terminal = new AttachedTerminal(attachment, watch);
  terminal.on('error', () => undefined);
  const face = new TerminalRelay(hasInput);
  const closed = new Promise((resolve) => terminal.once('close', resolve));
  try {
    face.connect(terminal);
    await closed;
  } finally {
    await face.finish();
  }
  if (terminal.isDetached) printErr('\n');
  return terminal.isDetached;
}

interface Streams {
  readonly client: Client;
  readonly id: string;
  readonly attachment: Attachment;
  readonly hasInput: boolean;
  readonly forwardsSignals: boolean;
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

async function connectStreams({ client, id, attachment, hasInput, forwardsSignals }: Streams): Promise<boolean> {
  const forward = (signal: string): void => {
    client.signal(id, signal).catch(() => undefined);
  };
  if (forwardsSignals) for (const signal of FORWARDED) process.on(signal, forward);
  const { stdin } = attachment;
  const input = hasInput ? stdin : null;
  if (input !== null) process.stdin.pipe(input, { end: false });
  try {
    for await (const { data, stream } of attachment.output) {
      // Nobody reads on: that is as good as leaving.
      if (!printBytes(stream === 'stderr' ? 2 : 1, data)) return true;
    }
    return false;
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
    if (input !== null) leaveInput(process.stdin.unpipe(input).pause());
  }
}

// A pipe or a terminal would keep this process; a file, or /dev/null, has nothing to let go of.
function leaveInput(input: Partial<Pick<NodeJS.ReadStream, 'unref'>>): void {
  input.unref?.();
}

/** How long its end may take to be known after its last word. */
const LATE_MS = 2000;

async function exitCodeFor(client: Client, id: string, ended: Promise<RunEnd | undefined>): Promise<number> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, LATE_MS, undefined).unref());
  // One that is started again has not ended for good.
  const end = (await Promise.race([ended, late])) ?? (await client.get(id).catch(() => undefined))?.lastEnd;
  return exitCodeOfEnd(end ?? {}) ?? EXIT.ok;
}
