// (e) Whole commands, started by a C program and waited for: what a script or a person feels.
import { driven } from '../lib/driver.mjs';
import { interleave, withRatios } from '../lib/interleave.mjs';
import { newestNode } from '../lib/newest-node.mjs';
import { drivePeer } from '../lib/peers.mjs';
import { CORRAL } from '../lib/workspace.mjs';

export const id = 'e';
export const title = 'command line: corral run -- true';

export async function run({ workspace, peers, plan, skip }) {
  const nodes = [{ node: process.execPath, version: process.version }];
  const newest = newestNode();
  if (newest.path === undefined) skip(`(e) on the newest Node: ${newest.why}`);
  else if (newest.version === process.version) skip('(e) on the newest Node: it is the one that runs this');
  else nodes.push({ node: newest.path, version: newest.version });

  const few = { ...plan, perRound: Math.max(1, Math.round(plan.perRound / 4)) };
  const { drive } = workspace.programs;
  const rows = await interleave(
    [
      ...nodes.flatMap(({ node, version }) => [
        driven(`corral run, ${version}`, [drive, node, CORRAL, 'run', '--', 'true'], workspace.driverOptions),
        driven(`node -e 0, ${version}`, [drive, node, '-e', '0'], workspace.driverOptions),
      ]),
      ...peers.map((peer) => driven(peer.name, drivePeer(peer, workspace), workspace.driverOptions)),
    ],
    few,
  );
  const base = `node -e 0, ${nodes[0].version}`;
  return {
    id,
    title,
    unit: 'µs',
    groups: [{ title, rows: withRatios(rows, base) }],
    verdicts: nodes.map(({ version }) => verdict(rows, version)),
  };
}

function verdict(rows, version) {
  const [own, bare] = ['corral run', 'node -e 0'].map((what) =>
    rows.find(({ name }) => name === `${what}, ${version}`),
  );
  const extraMs = (own.summary.median - bare.summary.median) / 1000;
  return { target: `(e) node -e 0 + 15 ms, ${version}`, value: `+ ${extraMs.toFixed(1)} ms`, met: extraMs <= 15 };
}
