import type { ServerResponse } from 'node:http';
import type { ExecOptions } from '../../../container/exec.js';
import type { SupervisedExec } from '../../exec.js';
import { hasBody, readFirstLine, readJsonBody } from '../body.js';
import { ENDPOINTS } from '../endpoints.js';
import { EXEC_QUERY, type ExecWords, readExecBody, readExecQuery } from '../exec-options.js';
import { watchClient } from '../hang-up.js';
import { OutputWriter, endWithConnection, pumpInput } from '../pump.js';
import { type ApiRequest, type QueryOf, type Route, route } from '../route.js';
import { TYPES, beginStream, chooseType } from '../writing.js';

const GROUP = 'Streams';

const ALSO = { [TYPES.bytes]: 'the output as it is, standard output and error in one' };

type ExecRequest = ApiRequest<{ readonly id: string }, QueryOf<typeof EXEC_QUERY>, undefined>;

const exec = route({
  name: 'exec',
  endpoint: ENDPOINTS.exec,
  group: GROUP,
  summary: 'run another command in a container',
  description:
    'The answer begins when the command runs, and ends with it: lines with its output, and at last its exit. When the connection closes before that, the command is killed with all that it has started. With `Accept: application/octet-stream` the exit is in the trailer `Corral-Exit`.',
  confined: true,
  query: EXEC_QUERY,
  streamBody:
    'With `command` in the query: its standard input. Without: the command and its options, under the names that they have in the query; as the whole body with `Content-Type: application/json`, else as its first line, and what follows is standard input.',
  answer: { status: 200, means: 'it was started', type: 'ExecLine', as: 'lines', also: ALSO },
  errors: [400, 404, 409, 422],
  handle: async (request) => {
    const { words, hasInput } = await readWords(request);
    const gone = watchClient(request.outgoing, { readsAll: !hasInput });
    const abort = new AbortController();
    const running = await request.face.exec(request.params.id, words.command, {
      ...execOptions(words, hasInput),
      signal: abort.signal,
    });
    killWhen(gone, running);
    pumpInput(request.incoming, running.terminal ?? running.stdin, true);
    return { write: (outgoing) => writeExec(request, running, abort, outgoing) };
  },
});

async function readWords({
  query,
  incoming,
  bodyLimits,
}: ExecRequest): Promise<{ words: ExecWords; hasInput: boolean }> {
  if (query.command !== undefined) return { words: readExecQuery(query), hasInput: hasBody(incoming) };
  const isJson = incoming.headers['content-type']?.startsWith(TYPES.json) === true;
  if (!isJson && hasBody(incoming))
    return { words: readExecBody(await readFirstLine(incoming, bodyLimits)), hasInput: true };
  return { words: readExecBody((await readJsonBody(incoming, bodyLimits)) ?? {}), hasInput: false };
}

function execOptions({ command: _, ...words }: ExecWords, hasInput: boolean): ExecOptions {
  const hasTerminal = words.terminal !== undefined && words.terminal !== false;
  return { ...words, ...(hasTerminal || !hasInput ? {} : { stdin: 'pipe' }) };
}

function killWhen(gone: AbortSignal, running: SupervisedExec): void {
  const kill = (): void => {
    running.kill().catch(() => undefined);
  };
  const over = (): void => gone.removeEventListener('abort', kill);
  gone.addEventListener('abort', kill, { once: true });
  running.exited.then(over, over);
  if (gone.aborted) kill();
}

async function writeExec(
  { caller, server, incoming }: ExecRequest,
  running: SupervisedExec,
  abort: AbortController,
  outgoing: ServerResponse,
): Promise<void> {
  const raw = chooseType(incoming.headers.accept, [TYPES.lines, TYPES.bytes]) === TYPES.bytes;
  const { pid, notes, stdout, stderr, terminal } = running;
  using session = server.sessions.open(caller, {
    resize: (size) => terminal?.resize(size),
    process: { signal: (name) => running.signal(name), abort: () => abort.abort(), kill: () => running.kill() },
  });
  beginStream(outgoing, raw ? TYPES.bytes : TYPES.lines, {
    connection: 'close',
    'corral-session': session.id,
    ...(raw ? { trailer: 'Corral-Exit' } : {}),
  });
  const writer = new OutputWriter(outgoing, raw);
  await writer.line({ exec: { session: session.id, pid, terminal: terminal !== null, notes } });
  await Promise.all([
    ...(terminal === null ? [] : [writer.all('output', terminal)]),
    ...(stdout === null ? [] : [writer.all('stdout', stdout)]),
    ...(stderr === null ? [] : [writer.all('stderr', stderr)]),
  ]);
  const exit = await running.exited;
  if (raw) outgoing.addTrailers({ 'Corral-Exit': JSON.stringify(exit) });
  await writer.line({ exit });
  await endWithConnection(outgoing);
}

const attach = route({
  name: 'attach',
  endpoint: ENDPOINTS.attach,
  group: GROUP,
  summary: 'connect to the streams or the terminal of a container',
  description:
    'The answer has what the container writes from now on, and ends with its run. Closing the connection changes nothing in it.',
  confined: true,
  streamBody: 'What is typed into its terminal, or its standard input, where that is open. Its end is not passed on.',
  answer: { status: 200, means: 'the connection is there', type: 'AttachLine', as: 'lines', also: ALSO },
  errors: [404, 409],
  handle: async (request) => {
    const attachment = await request.face.attach(request.params.id);
    return { write: (outgoing) => writeAttachment(request, attachment, outgoing) };
  },
});

type Attached = Awaited<ReturnType<ApiRequest<unknown, unknown, unknown>['face']['attach']>>;

async function writeAttachment(
  { incoming, caller, server }: ApiRequest<unknown, unknown, unknown>,
  attached: Attached,
  outgoing: ServerResponse,
): Promise<void> {
  using attachment = attached;
  const gone = watchClient(outgoing, { readsAll: false });
  gone.addEventListener('abort', () => attachment[Symbol.dispose](), { once: true });
  const { terminal, stdin } = attachment;
  using session = server.sessions.open(caller, { resize: (size) => attachment.resize(size) });
  const raw = chooseType(incoming.headers.accept, [TYPES.lines, TYPES.bytes]) === TYPES.bytes;
  beginStream(outgoing, raw ? TYPES.bytes : TYPES.lines, { connection: 'close', 'corral-session': session.id });
  const writer = new OutputWriter(outgoing, raw);
  pumpInput(incoming, stdin, false);
  await writer.line({ attached: { session: session.id, terminal, stdin: stdin !== null } });
  for await (const { data, stream } of attachment.output) {
    if (gone.aborted || !(await writer.piece(stream ?? 'output', data))) break;
  }
  if (stdin !== null) incoming.unpipe(stdin);
  await writer.line({ end: true });
  await endWithConnection(outgoing);
}

/** The routes of streams that go both ways. */
export const STREAM_ROUTES: readonly Route[] = [exec, attach];
