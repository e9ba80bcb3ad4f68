// Lives of supervised containers, each with what a supervisor could forget to let go of. Each checks what it sees, and leaves nothing.
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {{ client: import('corral').Client, connect: () => Promise<import('corral').Client>, options: (extra?: object) => object }} Around */

const NO_RESTART = { name: 'no' };
const QUIET = { restart: NO_RESTART, log: { driver: 'none' } };
const RAW = { restart: NO_RESTART, log: { driver: 'raw' } };
const JSON_LOG = { restart: NO_RESTART, log: { driver: 'json', maxSize: 64 * 1024, maxFiles: 2 } };
const SAYS = ['sh', '-c', 'echo said; echo told >&2'];
const STAYS = ['sleep', 'infinity'];

/** By name. Each is given a supervisor and a name that nobody else has, and returns the milliseconds that its start took. */
const LIVES = {
  async 'no log'(around, id) {
    // A connection of its own, as a command line has it.
    const client = await around.connect();
    try {
      const { ms } = await create({ ...around, client }, id, ['true'], QUIET);
      await expectEnd(client, id, { exitCode: 0 });
      await client.remove(id);
      return ms;
    } finally {
      client.close();
    }
  },

  async 'raw log, --rm'(around, id) {
    const { ms } = await create(around, id, SAYS, { ...RAW, autoRemove: true });
    await untilForgotten(around.client, id);
    return ms;
  },

  async 'raw log'(around, id) {
    const { ms } = await create(around, id, SAYS, RAW);
    await expectEnd(around.client, id, { exitCode: 0 });
    await expectLog(around.client, id, 'said\ntold\n');
    await around.client.remove(id);
    return ms;
  },

  async 'JSON log, --rm'(around, id) {
    const { ms } = await create(around, id, SAYS, { ...JSON_LOG, autoRemove: true });
    await untilForgotten(around.client, id);
    return ms;
  },

  async 'JSON log'(around, id) {
    const { ms } = await create(around, id, ['sh', '-c', 'echo said; sleep 0.01; echo told'], JSON_LOG);
    const followed = readLog(around.client, id, { follow: true });
    await expectEnd(around.client, id, { exitCode: 0 });
    expectSame(await followed, 'saidtold', `log of ${id}`);
    await around.client.remove(id);
    return ms;
  },

  async 'a restart'(around, id) {
    const policy = { ...JSON_LOG, restart: { name: 'on-failure', maxRetries: 1 } };
    const { ms } = await create(around, id, ['sh', '-c', 'echo said; exit 3'], policy);
    await expectEnd(around.client, id, { exitCode: 3, run: 2 });
    await expectLog(around.client, id, 'saidsaid');
    await around.client.remove(id);
    return ms;
  },

  async exec(around, id) {
    const { ms } = await create(around, id, STAYS, QUIET);
    const exec = await around.client.exec(id, ['echo', 'said']);
    let said = '';
    for await (const chunk of exec.stdout) said += chunk;
    expectSame(said, 'said\n', `exec in ${id}`);
    expectSame((await exec.exited).exitCode, 0, `exec in ${id}`);
    await around.client.remove(id, { force: true });
    return ms;
  },

  async 'a terminal, attached to'(around, id) {
    const { ms } = await create(around, id, ['cat'], { ...JSON_LOG, interactive: true }, { terminal: true });
    const attachment = await around.client.attach(id);
    attachment.stdin.write('said\n');
    for await (const { data } of attachment.output) if (Buffer.from(data).includes('said')) break;
    attachment[Symbol.dispose]();
    await around.client.stop(id, { gracePeriod: 0 });
    await around.client.remove(id);
    return ms;
  },

  async 'a lease, and events'(around, id) {
    const lease = new AbortController();
    const watch = new AbortController();
    const events = around.client.events({ names: [id], signal: watch.signal })[Symbol.asyncIterator]();
    const ended = untilEvent(events, 'removed');
    const { ms } = await create(around, id, STAYS, { ...QUIET, autoRemove: true }, { lease: lease.signal });
    lease.abort();
    await untilForgotten(around.client, id);
    await ended;
    watch.abort();
    await events.return();
    return ms;
  },

  async 'health checks, and a limit'(around, id) {
    const health = { command: ['true'], interval: 20, timeout: 5000, retries: 3, startPeriod: 0, onFailure: 'none' };
    const { ms } = await create(around, id, STAYS, { ...RAW, health }, { memory: 64 * 2 ** 20 });
    await until(async () => (await around.client.get(id)).health === 'healthy', `${id} is not healthy`);
    await around.client.kill(id);
    await around.client.remove(id);
    return ms;
  },
};

/** In the order in which they come, again and again: the short ones more often. */
export const TURNS = [
  ...['no log', 'raw log, --rm', 'JSON log, --rm', 'raw log', 'JSON log', 'no log', 'exec', 'raw log, --rm'],
  ...[
    'JSON log, --rm',
    'a restart',
    'no log',
    'raw log, --rm',
    'JSON log',
    'a terminal, attached to',
    'JSON log, --rm',
  ],
  ...['no log', 'a lease, and events', 'raw log', 'exec', 'health checks, and a limit'],
];

/** Lives one of them. @param {Around} around @returns {Promise<number>} milliseconds from the request until it ran */
export async function live(turn, around, id) {
  const name = TURNS[turn % TURNS.length];
  try {
    return await LIVES[name](around, id);
  } catch (error) {
    throw new Error(`${id} (${name}): ${error.message}`, { cause: error });
  }
}

async function create({ client, options }, id, command, supervision, { lease, ...container } = {}) {
  const before = performance.now();
  const how = lease === undefined ? {} : { lease };
  await client.create({ command, container: { ...options(), ...container, name: id }, supervision }, how);
  return { ms: performance.now() - before };
}

async function expectEnd(client, id, wanted) {
  const end = await client.wait(id);
  for (const [key, value] of Object.entries(wanted)) expectSame(end[key], value, `${key} of ${id}`);
}

async function expectLog(client, id, wanted) {
  expectSame(await readLog(client, id), wanted, `log of ${id}`);
}

async function readLog(client, id, query) {
  let text = '';
  for await (const { data } of client.logs(id, query)) text += Buffer.from(data).toString();
  return text;
}

function expectSame(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}

async function untilEvent(events, type) {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`no event '${type}' has come`);
    if (value.type === type) return;
  }
}

function untilForgotten(client, id) {
  const isForgotten = () =>
    client.get(id).then(
      () => false,
      (error) => {
        if (error.code !== 'ERR_NOT_FOUND') throw error;
        return true;
      },
    );
  return until(isForgotten, `${id} is still there`);
}

const PATIENCE_MS = 30_000;

async function until(isSo, message) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(message);
    await delay(5);
  }
}
