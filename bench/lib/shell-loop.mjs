// Several shells that run one command over and over: what people write who have no supervisor.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const LOOP = 'n=$1; shift; while [ "$n" -gt 0 ]; do "$@" || exit 1; n=$((n-1)); done';

/** @returns {Promise<[number]>} runs a second */
export async function runLoop({ command, loops, count }, options) {
  const share = Math.ceil(count / loops);
  const before = performance.now();
  const shells = Array.from({ length: loops }, () =>
    spawn('sh', ['-c', LOOP, 'sh', String(share), ...command], { ...options, stdio: 'ignore' }),
  );
  const codes = await Promise.all(shells.map(async (shell) => (await once(shell, 'exit'))[0]));
  if (codes.some((code) => code !== 0)) throw new Error(`${command[0]} failed in a loop`);
  return [(share * loops * 1000) / (performance.now() - before)];
}
