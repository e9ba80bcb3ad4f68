// npm run lab:table: tries every feature on this machine and on every guest, and writes the table into docs/testing.md.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { fillMarkers } from '../../bench/lib/markers.mjs';
import { GUESTS } from './guests.mjs';
import { parseNames } from './lib/arguments.mjs';
import { formatHosts, titleOf } from './lib/hosts-table.mjs';
import { Lab } from './lib/lab.mjs';
import { PROJECT } from './lib/project.mjs';
import { HOST } from './suites.mjs';

const USAGE = `usage: npm run lab:table -- [--guest NAME,...]

Writes docs/testing.md when all hosts are asked; prints only for some: ${[HOST, ...Object.keys(GUESTS)].join(', ')}`;
const PAGE = join(PROJECT, 'docs/testing.md');
const PROBE = 'test/lab/probe/probe.mjs';
const SECONDS = 600;
const MEMORY_MIB = 1024;
/** The same machine but for a mount option, which no row is about. */
const LIKE_ANOTHER = ['v2-nsdelegate'];

const all = [HOST, ...Object.keys(GUESTS).filter((name) => !LIKE_ANOTHER.includes(name))];
const names = readNames();
const lab = new Lab((line) => console.error(`lab: ${line}`));
try {
  const hosts = [];
  for (const name of names) hosts.push(name === HOST ? await probeHere() : await probeGuest(name));
  const table = formatHosts(hosts);
  console.log(table);
  if (names.length === all.length) writeFileSync(PAGE, fillMarkers(readFileSync(PAGE, 'utf8'), { hosts: table }));
  if (hosts.some(({ probed }) => !passes(probed))) process.exitCode = 1;
} finally {
  lab.close();
}

async function probeHere() {
  const { stdout } = await promisify(execFile)(process.execPath, [join(PROJECT, PROBE)], { timeout: SECONDS * 1000 });
  const probed = JSON.parse(stdout);
  return { title: titleOf(probed), probed };
}

async function probeGuest(name) {
  const guest = GUESTS[name];
  const said = [];
  const {
    end,
    result,
    console: kernel,
  } = await lab.run({
    guest,
    command: `CORRAL_TEST_TIMEOUT_SCALE=${guest.timeScale} node ${PROBE}`,
    memoryMiB: MEMORY_MIB,
    timeoutSeconds: SECONDS + guest.bootSeconds,
    stdout: (chunk) => said.push(chunk),
    stderr: (chunk) => said.push(chunk),
  });
  if (end === 'exited' && result !== '') return { title: guest.title, probed: JSON.parse(result) };
  console.error(`${Buffer.concat(said)}\n${kernel}`);
  return { title: guest.title, probed: `the guest has said nothing: ${end}` };
}

function passes(probed) {
  return typeof probed !== 'string' && Object.values(probed.features).every(({ result }) => result !== 'fail');
}

function readNames() {
  try {
    const { values } = parseArgs({ options: { guest: { type: 'string', multiple: true } } });
    return parseNames('--guest', values.guest, all);
  } catch (error) {
    console.error(`lab: ${error.message}\n\n${USAGE}`);
    return process.exit(2);
  }
}
