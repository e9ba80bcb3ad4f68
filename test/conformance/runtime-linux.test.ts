import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { describeSection } from './lib/section.js';
import { facts } from './lib/text.js';

describeSection('runtime-linux.md', ({ says }) => {
  says('descriptors', async (machine) => {
    const fd = openSync('/dev/null', 'r');
    const numbers = await machine.lines({ script: 'ls /proc/$$/fd; true' }, { fds: [fd, fd] });
    closeSync(fd);
    expect(numbers).toEqual(['0', '1', '2']);
  });

  says('descriptors.passed', async (machine) => {
    const directory = machine.directory();
    writeFileSync(join(directory, 'file'), 'passed\n');
    const fd = openSync(join(directory, 'file'), 'r');
    expect(await machine.lines({ script: 'cat <&3' }, { fds: [fd], flags: ['--preserve-fds', '1'] })).toEqual([
      'passed',
    ]);
    closeSync(fd);
  });

  says('symlinks', async (machine) => {
    const script = 'for n in fd stdin stdout stderr; do echo $n $(readlink /dev/$n); done';
    expect(facts(await machine.run({ script }))).toEqual({
      fd: '/proc/self/fd',
      stdin: '/proc/self/fd/0',
      stdout: '/proc/self/fd/1',
      stderr: '/proc/self/fd/2',
    });
  });
});
