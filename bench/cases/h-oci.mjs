// (h) The calls of an engine, started by a C program and waited for: what it pays for each container, call by call.
import { driven } from '../lib/driver.mjs';
import { interleave, toRow, withRatios } from '../lib/interleave.mjs';
import { CORRAL_OCI } from '../lib/workspace.mjs';

export const id = 'h';
export const title = 'OCI runtime: the calls of an engine';

/** In the order in which bench/floor/lives.c makes them. */
const VERBS = ['create', 'state', 'start', 'kill', 'delete'];

export async function run({ workspace, peers, plan }) {
  const few = { ...plan, perRound: Math.max(1, Math.round(plan.perRound / 5)) };
  const { programs, livingBundle, driverOptions, directory } = workspace;
  const runtimes = [
    { name: 'corral-oci', command: [process.execPath, CORRAL_OCI, '--root', `${directory}/oci`], around: [] },
    ...peers
      .filter(({ name }) => name === 'runc' || name === 'crun')
      .map(({ name, around = [] }) => ({ name, command: [name, '--root', `${directory}/${name}`], around })),
  ];
  const rows = await interleave(
    [
      ...runtimes.map(({ name, command, around }) =>
        driven(name, [...around, programs.lives, livingBundle, ...command], {
          ...driverOptions,
          perRound: few.perRound * VERBS.length,
        }),
      ),
      driven('node -e 0', [programs.drive, process.execPath, '-e', '0'], driverOptions),
    ],
    few,
  );
  const bare = rows.find(({ name }) => name === 'node -e 0');
  const groups = VERBS.map((verb, turn) => ({
    title: verb,
    rows: withRatios([...runtimes.map(({ name }) => callsOf(rows, name, turn)), bare], bare.name),
  }));
  return { id, title, unit: 'µs', groups };
}

function callsOf(rows, name, turn) {
  const { rounds } = rows.find((row) => row.name === name);
  return toRow(
    name,
    rounds.map((samples) => samples.filter((_, index) => index % VERBS.length === turn)),
  );
}
