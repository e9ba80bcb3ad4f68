import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GUESTS, findGuest } from '../../lab/guests.mjs';

const GUEST = fileURLToPath(new URL('../../lab/guest/', import.meta.url));

describe('the scripts of a guest', () => {
  it.each(['init', 'initramfs-init', 'job', 'poweroff'])('%s is one that its shell can read', (name) => {
    const [, shell] = /^#!\/bin\/(\w+)\n/.exec(readFileSync(`${GUEST}${name}`, 'utf8')) ?? [];
    expect(spawnSync(shell ?? '', ['-n', `${GUEST}${name}`], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });
});

describe('the guests', () => {
  it.each(Object.entries(GUESTS))('%s has facts that a shell can read', (name, guest) => {
    expect(findGuest(name)).toBe(guest);
    expect(guest.facts.length).toBeGreaterThan(1);
    for (const fact of guest.facts) expect(spawnSync('sh', ['-nc', fact]).status).toBe(0);
  });
});
