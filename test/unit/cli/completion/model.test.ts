import { describe, expect, it } from 'vitest';
import { offerFlags, offerVerb } from '../../../../src/cli/completion/model.js';
import { quoteForFish, quoteForShell } from '../../../../src/cli/completion/quote.js';
import type { Flag } from '../../../../src/cli/flags/flag.js';
import { GLOBAL_FLAGS } from '../../../../src/cli/flags/global.js';
import { text } from '../../../../src/cli/flags/readers.js';
import { VERBS } from '../../../../src/cli/verbs.js';

const valueOf = (flags: string, more: object = {}) => {
  const flag: Flag = { flags, help: 'h', group: 'g', read: text, ...more };
  return offerFlags({ flag })[0]?.value;
};

describe('what shells are told of a flag', () => {
  it('is its spellings, and no value where it takes none', () => {
    const flag: Flag = { flags: '-a, --all', help: 'all', group: 'g', value: true };
    expect(offerFlags({ flag })).toEqual([
      { short: '-a', long: '--all', help: 'all' },
      { short: '-h', long: '--help', help: 'print this' },
    ]);
  });

  it.each([
    ['--net <private|none|host>', 'anything', ['private', 'none', 'host']],
    ['--seccomp <unconfined|FILE>', 'files', ['unconfined']],
    ['--memory <SIZE|max>', 'anything', ['max']],
    ['--rootfs <DIR>', 'directories', []],
    ['--volume <SRC:DST[:ro]>', 'files', []],
    ['--name <NAME>', 'anything', []],
  ])('is by its placeholder what it may be: %s', (flags, kind, words) => {
    expect(valueOf(flags)).toEqual({ kind, words });
  });

  it('is what its table says, where the placeholder does not tell', () => {
    expect(valueOf('--filter <FILTER>')?.words).toContain('status=running');
    expect(valueOf('--filter <FILTER>', { values: ['event=oom'] })?.words).toEqual(['event=oom']);
    expect(valueOf('-s, --signal <SIGNAL>')?.words).toContain('HUP');
    expect(valueOf('--cap-add <CAPABILITY>')?.words).toEqual(expect.arrayContaining(['ALL', 'NET_ADMIN']));
  });
});

describe('what shells are told of a verb', () => {
  it.each([
    ['kill', ['known']],
    ['exec', ['containers', 'command']],
    ['run', ['command']],
    ['cp', ['copy', 'copy']],
    ['ps', []],
    ['completion', ['anything']],
  ])('is what its operands are: %s', async (name, kinds) => {
    const entry = VERBS[name]!;
    const offered = offerVerb(name, entry, await entry.load(), GLOBAL_FLAGS);
    expect(offered.operands.map(({ kind }) => kind)).toEqual(kinds);
    expect(offered.flags.map(({ long }) => long)).toEqual(expect.arrayContaining(['--state-dir', '--help']));
  });

  it('may be names of those that do not run, too', async () => {
    const kinds = { inspect: 'known', logs: 'kept', attach: 'held', start: 'ended', exec: 'containers' };
    for (const [name, kind] of Object.entries(kinds)) {
      const entry = VERBS[name]!;
      expect(offerVerb(name, entry, await entry.load(), {}).operands[0], name).toEqual({ kind, words: [] });
    }
  });
});

describe('words of a shell', () => {
  it('are quoted', () => {
    expect(quoteForShell("it's")).toBe(`'it'\\''s'`);
    expect(quoteForFish("it's \\")).toBe(`'it\\'s \\\\'`);
  });
});
