// In a guest, after it has booted again.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { CONTAINERS, corral, findProcesses, hasSystemd } from './containers.mjs';

const PATIENCE_MS = 20_000 * Number(process.env['CORRAL_TEST_TIMEOUT_SCALE'] ?? 1);
const wanted = CONTAINERS.filter(({ after }) => after === 'running').length;
const sleepers = () => findProcesses('sleep').filter((pid) => findProcesses('1000').includes(pid));

// Nobody asks where the unit is there: systemd has started the supervisor, and that the containers.
if (hasSystemd) await until(() => sleepers().length === wanted, `${wanted} containers are back`);
else assert.deepEqual(findProcesses('supervise'), [], 'nobody has started a supervisor yet');
corral('ps', '--all');
await until(() => sleepers().length === wanted, `${wanted} containers are back`);

/** @type {{ id: string, status: string, lastEnd?: { error?: string } }[]} */
const found = JSON.parse(corral('ps', '--all', '--json'));
const states = Object.fromEntries(found.map(({ id, status }) => [id, status]));
console.log(JSON.stringify(found.map(({ id, status, lastEnd }) => ({ id, status, lastEnd }))));
const there = CONTAINERS.filter(({ after }) => after !== 'gone');
assert.deepEqual(states, Object.fromEntries(there.map(({ name, after }) => [name, after])));
for (const { name, stopped } of there) {
  const { lastEnd } = found.find(({ id }) => id === name) ?? {};
  if (stopped !== true) assert.equal(lastEnd?.error, 'the machine went down', name);
}
// What was written before the loss may be lost, and what is written now is not.
assert.match(corral('logs', 'kept'), /^up$/m);
for (const { name } of there) corral('rm', '--force', name);
assert.deepEqual(JSON.parse(corral('ps', '--all', '--json')), []);
assert.deepEqual(sleepers(), []);

/** @param {() => boolean} isSo @param {string} what */
async function until(isSo, what) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!isSo()) {
    assert(Date.now() < deadline, `not in time: ${what}; there are ${String(sleepers().length)}`);
    await delay(200);
  }
}
