// The cgroups that corral makes for a container with limits, made by hand: so that a bare kill meets the same ones.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * @typedef {object} HandMade
 * @property {string} path - the v2 cgroup; the processes are for its `payload`
 * @property {string[]} v1
 */

let serial = 0;
const present = new Set();

// Also when the bench is interrupted.
process.on('exit', () => present.forEach(clearAway));

/**
 * Makes cgroups as the plan has them, under a name of the bench's own.
 *
 * @param {object} plan - `corral plan --json`
 * @returns {HandMade}
 */
export function makeCgroups({ id, cgroup: { v2, v1 } }) {
  const name = `corral-bench-${process.pid}-${++serial}`;
  const rename = (path) => path.replace(`/corral/${id}`, `/${name}`);
  const path = rename(v2.path);
  const made = { path, v1: v1.map((directory) => rename(directory.path)) };
  present.add(made);
  mkdirSync(path);
  for (const { file, value } of v2.writes) writeFileSync(join(path, file), value);
  mkdirSync(join(path, 'payload'));
  for (const directory of v1) makeV1(rename(directory.path), directory);
  return made;
}

function makeV1(path, { base, inherit, writes }) {
  mkdirSync(path);
  for (const file of inherit) writeFileSync(join(path, file), readFileSync(join(base, file)));
  for (const { file, value, ifAbsent } of writes) {
    try {
      writeFileSync(join(path, file), value);
    } catch (error) {
      if (ifAbsent === undefined) throw error;
    }
  }
}

/** Removes what is left of them. @param {HandMade} made */
export async function removeCgroups(made) {
  for (const directory of directoriesOf(made)) await removeDirectory(directory);
  present.delete(made);
}

const directoriesOf = ({ path, v1 }) => [join(path, 'payload'), path, ...v1];

function clearAway(made) {
  if (existsSync(made.path)) writeFileSync(join(made.path, 'cgroup.kill'), '1');
  const deadline = performance.now() + 5000;
  for (const directory of directoriesOf(made)) {
    while (existsSync(directory) && performance.now() < deadline) tryRemove(directory);
  }
}

function tryRemove(directory) {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (error.code !== 'EBUSY') throw error;
  }
}

// The kernel lets go of a dead process a moment after it has told of its death.
async function removeDirectory(path) {
  for (let attempt = 0; existsSync(path); attempt++) {
    try {
      rmdirSync(path);
    } catch (error) {
      if (error.code !== 'EBUSY' || attempt === 100) throw error;
      await delay(10);
    }
  }
}
