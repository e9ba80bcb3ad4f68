// (a) From the call to the end of the cgroup, for /bin/true.
import { Driver, driven } from '../lib/driver.mjs';
import { interleave, toRow, withRatios } from '../lib/interleave.mjs';
import { atMost, fasterThan } from '../lib/verdict.mjs';
import { drivePeer } from '../lib/peers.mjs';
import { nodeWorker } from '../lib/workspace.mjs';

export const id = 'a';
export const title = 'library: spawn → exit → gone';

export const FLOOR = 'C floor';
export const FLOOR_CGROUP = 'C floor, cgroup only';

export async function run({ workspace, peers, plan }) {
  const { floor } = workspace.programs;
  const options = workspace.driverOptions;
  const slow = Math.max(1, Math.round(plan.perRound / 4));
  const rows = await interleave(
    [
      driven('corral', nodeWorker('corral'), options),
      driven('corral, pipes', nodeWorker('corral-pipes'), options),
      driven("corral, isolation 'cgroup'", nodeWorker('corral-cgroup'), options),
      driven(FLOOR, [floor], options),
      driven('C floor, forked', [floor, '--fork'], options),
      driven(FLOOR_CGROUP, [floor, '--isolation', 'cgroup'], options),
      driven('child_process true', nodeWorker('child', '--', 'true'), options),
      ...peers.map((peer) => driven(`${peer.name} from C`, drivePeer(peer, workspace), { ...options, perRound: slow })),
      ...peers
        .filter(({ name }) => name === 'bwrap')
        .map(({ name, command }) => driven(`${name} from Node`, nodeWorker('child', '--', ...command), options)),
    ],
    plan,
  );
  const phases = await measurePhases(floor, options, plan.rounds * plan.perRound);
  return {
    id,
    title,
    unit: 'µs',
    groups: [
      { title, rows: withRatios(rows, FLOOR) },
      { title: "the C floor's own time, phase by phase", rows: phases },
    ],
    verdicts: judge(rows),
  };
}

/** Where the time of the floor goes: what the kernel itself asks for each part of a container. */
async function measurePhases(floor, options, count) {
  const driver = new Driver([floor, '--phases'], options);
  await driver.start();
  const samples = JSON.parse(await driver.ask(count));
  await driver.stop();
  return Object.keys(samples[0]).map((phase) =>
    toRow(
      phase,
      samples.map((sample) => [sample[phase] ?? 0]),
    ),
  );
}

// Whatever starts a peer fastest is what it is compared by.
function judge(rows) {
  const bwrap = rows.filter(({ name }) => name.startsWith('bwrap')).sort((a, b) => a.summary.median - b.summary.median);
  return [
    ...atMost('(a)', rows, ['corral', FLOOR], 1.5),
    ...atMost("(a) isolation 'cgroup'", rows, ["corral, isolation 'cgroup'", FLOOR_CGROUP], 1.5),
    ...bwrap.slice(0, 1).flatMap(({ name }) => fasterThan('(a)', rows, ['corral', name], 1)),
    ...fasterThan('(a)', rows, ['corral', 'crun from C'], 4),
    ...fasterThan('(a)', rows, ['corral', 'runc from C'], 10),
  ];
}
