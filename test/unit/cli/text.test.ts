import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../../src/cli/describe-error.js';
import { escapeControls, escapeJson, escapeLines } from '../../../src/cli/escape.js';
import { countProcesses, formatKill } from '../../../src/cli/kill-report.js';
import { quoteCommand } from '../../../src/cli/quote.js';
import { formatError } from '../../../src/cli/report-error.js';
import { hasColors } from '../../../src/cli/style.js';
import { unknownVerb } from '../../../src/cli/usage-error.js';
import { VERBS } from '../../../src/cli/verbs.js';
import { selectRuler } from '../../../src/cli/width.js';

const VERB_NAMES = Object.keys(VERBS);

describe('a command', () => {
  it.each([
    [['ls', '-l', '/tmp/a_b.c'], 'ls -l /tmp/a_b.c'],
    [['sh', '-c', 'echo "$A" | wc'], `sh -c 'echo "$A" | wc'`],
    [['echo', "it's"], `echo 'it'\\''s'`],
    [['echo', ''], `echo ''`],
    [['printf', 'a\nb\u001b[31m\\'], String.raw`printf $'a\nb\x1b[31m\\'`],
    [['grüße', '日本'], `'grüße' '日本'`],
    // A right-to-left override, a C1 control sequence introducer, a character without width, one beyond 16 bits.
    [['\u202egnp.exe'], String.raw`$'\u202egnp.exe'`],
    [['\u009b31m'], String.raw`$'\u009b31m'`],
    [["a\u200b'b"], String.raw`$'a\u200b\'b'`],
    [['\u{e0041}'], String.raw`$'\U000e0041'`],
    [['\ud800'], String.raw`$'\ud800'`],
  ])('%j can be typed as %s', (words, text) => {
    expect(quoteCommand(words)).toBe(text);
  });

  it('never holds anything that a terminal acts on', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => !/[\p{Cc}\p{Cf}]/u.test(quoteCommand(words))),
    );
  });
});

describe('text for a terminal', () => {
  it('has its controls written out', () => {
    expect(escapeControls('a\tb\r\n\u0000\u007f\u2028')).toBe(String.raw`a\tb\r\n\x00\x7f\u2028`);
    expect(escapeLines('a\u001b[2J\nb\tc')).toBe(`a\\x1b[2J\nb\\tc`);
  });

  it('stays the same JSON', () => {
    const value = { 'key\u009b': ['\u202e', '\u{e0041}', 'line\nfeed', '\ud800', 'plain'] };
    const json = escapeJson(JSON.stringify(value, undefined, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).toContain(String.raw`"key\u009b"`);
    expect(json).toContain(String.raw`"\udb40\udc41"`);
    expect(json).not.toMatch(/[\p{Cf}\u007f-\u009f]/u);
  });
});

describe('a cut', () => {
  it.each([
    ['plain', 5, 'plain'],
    ['plain', 4, 'pla…'],
    ['plain', 1, '…'],
    ['plain', 0, ''],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['日本語', 1, '…'],
    ['日本語', 0, ''],
  ])('of %j to %d is %j', async (text, width, cut) => {
    const ruler = await selectRuler([text]);
    expect(ruler.cut(text, width)).toBe(cut);
    expect(ruler.width(cut)).toBeLessThanOrEqual(width);
  });
});

describe('colours', () => {
  it.each<[boolean, boolean, NodeJS.ProcessEnv]>([
    [true, true, {}],
    [true, true, { TERM: 'xterm' }],
    [false, true, { TERM: 'dumb' }],
    [false, true, { NO_COLOR: '1' }],
    [true, true, { NO_COLOR: '' }],
    [false, true, { NO_COLOR: '1', FORCE_COLOR: '1' }],
    [false, false, {}],
    [true, false, { FORCE_COLOR: '1' }],
    [true, true, { FORCE_COLOR: '1', TERM: 'dumb' }],
    [false, true, { FORCE_COLOR: '0' }],
    [false, false, { FORCE_COLOR: '' }],
  ])('%s, where a terminal is %s, with %j', (expected, isTerminal, env) => {
    expect(hasColors(isTerminal, env)).toBe(expected);
  });
});

describe('an error', () => {
  it('has its hint on a line of its own, and a colour for both', () => {
    const paint = (style: string, text: string): string => `<${style}>${text}</>`;
    const description = describeError(unknownVerb('klil', VERB_NAMES), new Map());
    expect(formatError(description, paint)).toBe(
      '<red>corral:</> unknown verb klil\n<dim>hint: did you mean kill?</>\n',
    );
    expect(formatError('a\u001b[31mb', paint)).toBe('<red>corral:</> a\\x1b[31mb\n');
  });

  it.each([
    ['remove', 'did you mean rm?'],
    ['stpo', 'did you mean stop?'],
    ['rnu', 'did you mean run?'],
    ['ls', 'did you mean ps?'],
    ['xyzzy', 'see corral --help'],
    ['constructor', 'see corral --help'],
  ])('about the verb %s says: %s', (name, hint) => {
    expect(unknownVerb(name, VERB_NAMES)).toMatchObject({ message: `unknown verb ${name}`, hint });
  });
});

describe('a kill', () => {
  it('is told in words', () => {
    expect(formatKill({ processes: 12, durationMs: 3.4, rung: 'cgroup.kill', gone: true })).toBe(
      '12 processes killed in 3ms',
    );
    expect(formatKill({ processes: 1, durationMs: 0.1, rung: 'cgroup.kill', gone: true })).toBe(
      '1 process killed in 1ms',
    );
    expect(countProcesses(0)).toBe('no processes');
  });
});
