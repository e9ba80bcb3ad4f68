// Where the time of one container goes, in corral and in the floor, phase by phase.
import { join } from 'node:path';
import { build } from 'esbuild';
import { Driver } from './driver.mjs';
import { summarizePhases } from './phases.mjs';
import { formatValue } from './table.mjs';
import { ROOT, readPlan } from './workspace.mjs';

/**
 * Profiles corral and the floor in turns.
 *
 * @returns {Promise<{ title: string, head: string[], rows: string[][] } | undefined>} a table for the report; nothing on a
 *   machine that is too busy for it
 */
export async function profile({ programs, driverOptions }, rounds, perRound) {
  const { steps } = readPlan(driverOptions.env);
  const worker = join(ROOT, 'bench/lib/profile-worker.mjs');
  const corral = new Driver([process.execPath, worker, await bundleSource(), programs.watch], driverOptions);
  const floor = new Driver([programs.floor, '--phases'], driverOptions);
  const samples = { corral: [], floor: [] };
  await corral.start();
  await floor.start();
  try {
    await corral.ask(perRound);
    for (let round = 0; round < rounds; round++) {
      samples.corral.push(...JSON.parse(await corral.ask(perRound)));
      samples.floor.push(...JSON.parse(await floor.ask(perRound)));
    }
  } finally {
    await corral.stop();
    await floor.stop();
  }
  const phases = summarizePhases(samples, steps);
  if (phases === undefined) return undefined;
  const rows = phases.map(({ name, corral: own, floor: bare }) => [
    name,
    formatValue(own, 'µs'),
    ...(bare === undefined ? ['', ''] : [formatValue(bare, 'µs'), formatValue(own - bare, 'µs')]),
  ]);
  return { title: 'where the time goes, medians', head: ['', 'corral', 'C floor', 'difference'], rows };
}

// The library's source, with what it does not offer to users: a hook around every action. As deep as dist/lib, because the
// addon is looked for from there.
async function bundleSource() {
  const outfile = join(ROOT, 'build/bench/spawn.mjs');
  const js =
    "import { createRequire as corralRequire } from 'node:module'; const require = corralRequire(import.meta.url);";
  await build({
    entryPoints: [join(ROOT, 'src/container/spawn.ts')],
    outfile,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning', banner: { js } },
  });
  return outfile;
}
