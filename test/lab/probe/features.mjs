// What corral promises, one row each of the table in docs/testing.md, tried for real. A feature is added by adding it here.
import { fileURLToPath } from 'node:url';
import { Refused, check } from './outcome.mjs';

const WAIT = ['sleep', '1000'];

/**
 * `try` does it with the built package and returns a word for the table where there is one to say. It throws what corral throws,
 * or what `check` does.
 *
 * @typedef {{ name: string, try: (corral: typeof import('../../../dist/types/index.js'), where: { stateDir: string }) => Promise<string | void> }} Feature
 */

/** @type {readonly Feature[]} */
export const FEATURES = [
  {
    name: 'run',
    try: async ({ run }) => {
      const { exitCode, stdout, stderr } = await run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
      check(exitCode === 7 && stdout === 'out\n' && stderr === 'err\n', `exit ${exitCode}, ${stdout}, ${stderr}`);
    },
  },
  {
    name: 'memory limit',
    try: async ({ run }) => {
      const { exitCode, signal, oomKilled } = await run(['tail', '/dev/zero'], { memory: '48M', timeout: 60_000 });
      check(oomKilled || signal !== null || exitCode !== 0, 'a process took more than it was allowed');
    },
  },
  {
    name: 'pids limit',
    try: async ({ run }) => {
      const forks = 'i=0; while [ $i -lt 60 ]; do sleep 30 & i=$((i+1)); done; exit 0';
      const { exitCode, stderr } = await run(['sh', '-c', forks], { pids: 20, timeout: 60_000 });
      check(exitCode !== 0 && /fork/i.test(stderr), `60 forks with pids 20: exit ${exitCode}, ${stderr}`);
    },
  },
  {
    name: 'CPU limit',
    try: async ({ spawn }) => {
      return within(await spawn(['sh', '-c', 'while :; do :; done'], { cpus: 0.2 }), async (box) => {
        await sleep(2000);
        const { cpuMs } = await box.stats();
        check(cpuMs !== undefined && cpuMs < 1000, `${cpuMs} ms of CPU time in 2 s with cpus 0.2`);
      });
    },
  },
  {
    name: 'OOM reason',
    try: async ({ run }) => {
      const { oomKilled } = await run(['tail', '/dev/zero'], { memory: '48M', timeout: 60_000 });
      check(oomKilled, 'out of memory, and the result does not say so');
    },
  },
  {
    name: 'kill: rung used',
    try: async ({ spawn }) => {
      const box = await spawn(['sh', '-c', 'setsid sleep 1000 & trap "" TERM; sleep 1000']);
      const { rung, gone } = await box.kill();
      check(gone, 'something is left');
      return rung === 'none' ? 'end of the pid namespace' : rung;
    },
  },
  {
    name: 'exec',
    try: async ({ spawn }) => {
      return within(await spawn(WAIT), async (box) => {
        const command = await box.exec(['cat', '/proc/self/cgroup']);
        const { exitCode } = await command.exited;
        check(exitCode === 0, `exit ${exitCode}`);
      });
    },
  },
  {
    name: 'exec: killed alone',
    try: async ({ spawn }) => {
      return within(await spawn(WAIT), async (box) => {
        const command = await box.exec(['sh', '-c', 'setsid sleep 1000 & echo ready; sleep 1000']);
        await once(command.stdout, 'data');
        const before = (await box.stats()).processes;
        await command.kill();
        const { processes } = await box.stats();
        check(processes < before && processes >= 1, `${before} processes before, ${processes} after`);
      });
    },
  },
  {
    name: 'pause',
    try: async ({ spawn }) => {
      return within(await spawn(WAIT), async (box) => {
        await box.pause();
        const paused = (await box.stats()).frozen;
        await box.resume();
        check(paused && !(await box.stats()).frozen, `frozen: ${paused}`);
      });
    },
  },
  {
    name: 'stats',
    try: async ({ spawn }) => {
      return within(await spawn(['sh', '-c', 'sleep 1000 & wait'], { memory: '64M', pids: 20 }), async (box) => {
        const stats = await box.stats();
        const missing = ['memoryBytes', 'memoryMaxBytes', 'cpuMs', 'pids', 'pidsMax'].filter(
          (name) => stats[name] === undefined,
        );
        check(stats.processes >= 2, `${stats.processes} processes`);
        if (missing.length > 0) throw new Refused(`without ${missing.join(', ')}`);
        return stats.pressure.memory === undefined ? 'without PSI' : undefined;
      });
    },
  },
  {
    name: 'signal to all',
    try: async ({ spawn }) => {
      const script =
        'trap "echo got" TERM; sh -c "trap \'echo got\' TERM; echo ready; while :; do sleep 0.1; done" & while :; do sleep 0.1; done';
      return within(await spawn(['sh', '-c', script]), async (box) => {
        const said = linesOf(box.stdout);
        await said.until((lines) => lines.includes('ready'));
        const { complete } = await box.signalAll('TERM');
        if (!complete) throw new Refused('only the first process can be signalled');
        await said.until((lines) => lines.filter((line) => line === 'got').length === 2);
      });
    },
  },
  {
    name: 'update',
    try: async ({ spawn }) => {
      return within(await spawn(WAIT, { memory: '64M', pids: 20 }), async (box) => {
        const { memoryMaxBytes, pidsMax } = await box.update({ memory: '96M', pids: 30 });
        check(memoryMaxBytes === 96 * 2 ** 20 && pidsMax === 30, `${memoryMaxBytes} bytes, ${pidsMax} pids`);
      });
    },
  },
  {
    name: 'events',
    try: async ({ spawn, Containers }, { stateDir }) => {
      const end = new AbortController();
      const events = new Containers({ stateDir }).events({ signal: end.signal });
      const seen = [];
      const watching = (async () => {
        for await (const { type } of events) seen.push(type);
      })().catch(() => undefined);
      const box = await spawn(WAIT);
      await box.kill();
      for (let tries = 0; !seen.includes('exited') && tries < 100; tries++) await sleep(50);
      end.abort();
      await watching;
      check(
        ['started', 'exited'].every((event) => seen.includes(event)),
        `only ${seen.join(', ')}`,
      );
      return seen.includes('populated') ? undefined : 'without populated';
    },
  },
  {
    name: 'nest',
    try: async ({ run }) => {
      const { stdout, stderr, exitCode } = await run(nested('tail -n 1 /proc/self/cgroup'), { nest: true });
      check(exitCode === 0, `exit ${exitCode}: ${stderr.trim().split('\n').at(-1)}`);
      if (stderr.includes('no cgroup, so'))
        throw new Refused('no cgroup inside: the end of a pid namespace is what is left');
      check(stdout === '0::/\n', stdout);
    },
  },
  {
    name: 'nest: limits inside',
    try: async ({ run }) => {
      const { stderr, exitCode } = await run(nested('tail /dev/zero', '-m 48M'), { nest: true });
      if (/needs the memory controller/.test(stderr)) throw new Refused(stderr.match(/^hint: (.*)$/m)?.[1] ?? stderr);
      check(/ran out of memory/.test(stderr), `exit ${exitCode}: ${stderr}`);
    },
  },
];

const MAIN = fileURLToPath(new URL('../../../dist/cli/corral.cjs', import.meta.url));

/** @param {string} script @param {string} flags */
function nested(script, flags = '') {
  return ['sh', '-c', `'${process.execPath}' '${MAIN}' run ${flags} -- ${script}`];
}

/** @param {import('node:stream').Readable} stream */
function linesOf(stream) {
  let text = '';
  stream.on('data', (chunk) => (text += String(chunk)));
  return {
    /** @param {(lines: readonly string[]) => boolean} isThere */
    until: async (isThere) => {
      while (!isThere(text.split('\n'))) await sleep(20);
    },
  };
}

/**
 * Uses a container, and kills it.
 *
 * @template T
 * @param {import('../../../dist/types/index.js').Container} box
 * @param {(box: import('../../../dist/types/index.js').Container) => Promise<T>} use
 */
async function within(box, use) {
  try {
    return await use(box);
  } finally {
    await box.kill();
  }
}

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @param {import('node:events').EventEmitter} emitter @param {string} name */
function once(emitter, name) {
  return new Promise((resolve) => emitter.once(name, resolve));
}
