import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GUESTS } from '../../lab/guests.mjs';
import { cutPieces } from '../../lab/lib/pieces.mjs';
import { HOST, LEFT_OUT, QUICK } from '../../lab/suites.mjs';

const FILES = ['bench/floor.test.ts', ...['a', 'b', 'c', 'd', 'e'].map((name) => `container/${name}.test.ts`)];
const INTEGRATION = readdirSync(new URL('../../integration', import.meta.url), { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.test.ts'));

describe('cutPieces', () => {
  it('cuts each suite into parts of about the same length', () => {
    const { pieces } = cutPieces(FILES, { hosts: ['v2'], suites: ['container'], filesPerPiece: () => 2 });
    expect(pieces.map(({ files }) => files.map((file) => file[10]).join(''))).toEqual(['a', 'bc', 'de']);
    expect(pieces.every(({ host, suite }) => host === 'v2' && suite === 'container')).toBe(true);
  });

  it('says what it leaves out, and why', () => {
    const { pieces, leftOut } = cutPieces(FILES, { hosts: [HOST, 'v2'], filesPerPiece: () => 10 });
    expect(pieces.map(({ host, suite }) => `${host} ${suite}`)).toEqual([
      'host bench',
      'host container',
      'v2 container',
    ]);
    expect(leftOut).toEqual([
      {
        host: 'v2',
        suite: 'bench',
        file: 'bench/floor.test.ts',
        reason: expect.stringMatching(/no compiler/) as string,
      },
    ]);
  });

  it('takes single files', () => {
    const { pieces } = cutPieces(FILES, { hosts: ['v2'], suites: ['container/b'], filesPerPiece: () => 10 });
    expect(pieces).toEqual([{ host: 'v2', suite: 'container', files: ['container/b.test.ts'] }]);
  });

  it('runs nothing quickly where nothing was chosen for it', () => {
    const { pieces, leftOut } = cutPieces(INTEGRATION, { hosts: ['legacy'], quick: true, filesPerPiece: () => 10 });
    expect({ pieces, leftOut }).toEqual({ pieces: [], leftOut: [] });
  });

  it('runs every file that is to be run exactly once on every host', () => {
    const hosts = [HOST, ...Object.keys(GUESTS)];
    const { pieces, leftOut } = cutPieces(INTEGRATION, { hosts, filesPerPiece: () => 3 });
    for (const host of hosts) {
      const run = pieces.filter((piece) => piece.host === host).flatMap(({ files }) => files);
      const left = leftOut.filter((one) => one.host === host).map(({ file }) => file);
      expect([...run, ...left].sort()).toEqual([...INTEGRATION].sort());
    }
  });
});

describe('the choices', () => {
  it.each([
    ...LEFT_OUT.map(({ guests, files }) => ({ hosts: guests, start: files })),
    ...Object.entries(QUICK).flatMap(([host, starts]) => starts.map((start) => ({ hosts: [host], start }))),
  ])('are about guests and files that there are: $start', ({ hosts, start }) => {
    expect(Object.keys(GUESTS)).toEqual(expect.arrayContaining([...hosts]));
    expect(INTEGRATION.some((file) => file.startsWith(start))).toBe(true);
  });

  it('leave nothing out of what is wanted every time', () => {
    const { leftOut } = cutPieces(INTEGRATION, { hosts: Object.keys(QUICK), quick: true, filesPerPiece: () => 10 });
    expect(leftOut).toEqual([]);
  });
});
