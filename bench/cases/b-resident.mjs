// (b) The same as (a) from a Node process with a gigabyte in memory: a fork would have to copy its page tables.
import { Driver } from '../lib/driver.mjs';
import { interleave, withRatios } from '../lib/interleave.mjs';
import { atMost } from '../lib/verdict.mjs';
import { nodeWorker } from '../lib/workspace.mjs';

export const id = 'b';
export const title = 'the same from a large process';

const MEGABYTES = 1024;

const WAYS = [
  { name: 'corral', worker: ['corral'] },
  { name: "corral, isolation 'cgroup'", worker: ['corral-cgroup'] },
  { name: 'child_process true', worker: ['child', '--', '/bin/true'] },
];

export async function run({ workspace, plan }) {
  const notes = [];
  const groups = [];
  for (const { name, worker } of WAYS) {
    const [way, ...rest] = worker;
    const small = new Driver(nodeWorker(way, ...rest), workspace.driverOptions);
    const large = new Driver(nodeWorker(way, '--resident', String(MEGABYTES), ...rest), workspace.driverOptions);
    const rows = await interleave(
      [participant(name, small), participant(`${name}, 1 GB resident`, large, (text) => notes.push(text))],
      plan,
    );
    groups.push({ title: name, rows: withRatios(rows, name) });
  }
  const verdicts = groups
    .slice(0, 2)
    .flatMap(({ title: name, rows }) => atMost('(b) with 1 GB', rows, [`${name}, 1 GB resident`, name], 1.1));
  return { id, title, unit: 'µs', groups, verdicts, notes };
}

function participant(name, driver, note) {
  return {
    name,
    start: async () => {
      await driver.start();
      if (note) note(`${name}: ${await driver.ask('rss')} MB`);
    },
    sample: (count) => driver.sample(count),
    stop: () => driver.stop(),
  };
}
