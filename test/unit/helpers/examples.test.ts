import { describe, expect, it } from 'vitest';
import { isSameOutput, parseExamples, replaceExamples } from '../../helpers/examples.js';

const MANUAL = `# Manual

## corral ps

<!-- example
meanwhile: corral run --name web -- sleep 1000
before: corral pause web
until: q ends it
press: x
-->

\`\`\`console
$ corral ps
NAME
$ echo done
done
\`\`\`

\`\`\`sh
not an example
\`\`\`

### More

\`\`\`console
$ true
\`\`\`
`;

describe('the examples of a manual', () => {
  it('are found, with what they need', () => {
    expect(parseExamples(MANUAL)).toEqual([
      {
        heading: 'corral ps',
        line: 13,
        text: '$ corral ps\nNAME\n$ echo done\ndone\n',
        commands: ['corral ps', 'echo done'],
        meanwhile: ['corral run --name web -- sleep 1000'],
        before: ['corral pause web'],
        screen: { until: /q ends it/, press: 'x' },
      },
      { heading: 'More', line: 26, text: '$ true\n', commands: ['true'], meanwhile: [], before: [] },
    ]);
  });

  it('are replaced where they stand', () => {
    const replaced = replaceExamples(MANUAL, new Map([[26, '$ true\nnew\n']]));
    expect(replaced).toBe(MANUAL.replace('$ true\n', '$ true\nnew\n'));
    expect(replaceExamples(MANUAL, new Map())).toBe(MANUAL);
    const [first] = parseExamples(replaceExamples(MANUAL, new Map([[13, '$ a\n']])));
    expect(first).toMatchObject({ line: 13, text: '$ a\n', before: ['corral pause web'] });
  });
});

describe('two outputs', () => {
  it.each([
    ['web   running  17173  2  5ms  488K/64M  1s ago', 'web  running  99  2  1.2s  1.5M/64M  3m ago'],
    ['{"id":"1e609a2593b9"', '{"id":"4ed63c02a2b0"'],
    ['  32045  corral-init', '  7  corral-init'],
    ['/sys/fs/cgroup/unified/corral/web', '/sys/fs/cgroup/corral/web'],
    ['"cpuSystemMs": 0,', '"cpuSystemMs": 3.7,'],
    ["db  paused  4711  sh -c 'sleep # a ver…", "db  paused  12  sh -c 'sleep # a…"],
  ])('that differ as %j and %j are the same', (one, other) => {
    expect(isSameOutput(one, other)).toBe(true);
  });

  it.each([
    ['web  running  17173  2', 'web  paused  17173  2'],
    ['web  running  17173  2', 'web  running  17173  3'],
    ['137', '143'],
    ['web: paused', 'web: resumed'],
    ['0::/exec-1', '0::/'],
    ['corral: a\nhint: b', 'corral: a'],
    ['a command that was…', 'another command…'],
    ['a command that…', 'a command that'],
  ])('that differ as %j and %j are not', (one, other) => {
    expect(isSameOutput(one, other)).toBe(false);
  });
});
