import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAssignments, formatCommand } from '../../lab/lib/shell.mjs';

const WORD = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));

describe('formatCommand', () => {
  it('is read by a shell as the words that it was', () => {
    fc.assert(
      fc.property(fc.array(WORD, { minLength: 1 }), (words) => {
        const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${formatCommand(words)}`], { encoding: 'utf8' });
        expect(stdout).toBe(words.map((word) => `${word}\0`).join(''));
      }),
      { numRuns: 50 },
    );
  });

  it('leaves plain words plain', () => {
    expect(formatCommand(['node', 'a/b.mjs', '--x=1', 'a b', "it's", ''])).toBe(
      String.raw`node a/b.mjs --x=1 'a b' 'it'\''s' ''`,
    );
  });
});

describe('formatAssignments', () => {
  it('has one a line', () => {
    expect(formatAssignments({ A: 'x', B: 'y z' })).toBe("A=x\nB='y z'\n");
  });
});
