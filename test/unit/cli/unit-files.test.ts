import { describe, expect, it } from 'vitest';
import { unitFile } from '../../../src/cli/unit-files.js';

const execStart = (program: readonly string[], stateDir?: string): string | undefined =>
  /^ExecStart=(.*)$/m.exec(unitFile('system', program, stateDir))?.[1];

describe('a unit of systemd’s for the supervisor', () => {
  it('is wanted by what its manager starts', () => {
    expect(unitFile('system', ['/usr/bin/corral'], undefined)).toContain('WantedBy=multi-user.target\n');
    expect(unitFile('user', ['/usr/bin/corral'], undefined)).toContain('WantedBy=default.target\n');
  });

  it('ends the supervisor alone, and brings it back', () => {
    expect(unitFile('user', ['corral'], undefined)).toMatch(/^KillMode=process\nRestart=on-failure$/m);
    expect(unitFile('user', ['corral'], undefined)).not.toContain('Delegate');
  });

  it('starts the program, for the state directory that is meant', () => {
    expect(execStart(['/usr/bin/node', '/opt/corral.cjs'])).toBe('/usr/bin/node /opt/corral.cjs supervise --replace');
    expect(execStart(['corral'], '/srv/state')).toBe('corral supervise --replace --state-dir /srv/state');
  });

  it.each([
    ['/a b', '"/a b"'],
    ['/a"b\\', '"/a\\"b\\\\"'],
    ['/50%', '/50%%'],
    ['/$HOME', '"/$$HOME"'],
    ["/it's", '"/it\'s"'],
    ['/ü', '"/ü"'],
  ])('means exactly the words that it has: %s', (word, written) => {
    expect(execStart([word])).toBe(`${written} supervise --replace`);
  });
});
