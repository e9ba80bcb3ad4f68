// In a guest, before its power goes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CONTAINERS, CUT, corral, hasSystemd, isRoot, run } from './containers.mjs';

if (hasSystemd) installUnit();
for (const { name, flags } of CONTAINERS)
  corral('run', '-d', '--name', name, ...flags, '--', 'sh', '-c', 'echo up; exec sleep 1000');
for (const { name, stopped } of CONTAINERS) if (stopped === true) corral('stop', '--timeout', '0', name);
// Not a moment later, and nothing is written back before.
console.log(CUT);
setTimeout(() => undefined, 60_000);

function installUnit() {
  const text = corral('supervise', '--unit');
  const directory = isRoot ? '/etc/systemd/system' : join(homedir(), '.config/systemd/user');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'corral.service'), `${text}\n`);
  const systemctl = (/** @type {readonly string[]} */ ...words) =>
    run('systemctl', ...(isRoot ? [] : ['--user']), ...words);
  systemctl('daemon-reload');
  systemctl('enable', '--now', 'corral.service');
  // What a guest of the lab boots into wants little.
  if (isRoot) systemctl('add-wants', 'lab.target', 'corral.service');
  run('sync');
}
