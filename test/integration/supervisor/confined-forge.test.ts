import { describe, expect, it } from 'vitest';
import { makeLab } from '../../helpers/lab.js';
import { makeConfinedLab } from './confined-lab.js';

const lab = makeLab();
const confined = makeConfinedLab(lab);
const { ask, outer } = confined;

const AS_USER = 'setpriv --reuid 1000 --regid 1000 --clear-groups';

/** A curl under another name. The kernel shows the name of a process in /proc/PID/status, and escapes no carriage return in it. */
const CURL = `called() { printf '/tmp/\\r%s' "$1"; }
curl_called() { cp "$(command -v curl)" "$(called "$1")"; }
`;

describe('a caller that forges what the kernel says of it, by its own name', () => {
  it('gets no group by it', async () => {
    const web = await outer('web', { userns: 'host' });
    const said = await ask(
      web,
      `${CURL} curl_called Groups:42
      ${AS_USER} "$(called Groups:42)" -s -o /dev/null --unix-socket "$CORRAL_API" --json '{"name":"groups","command":["sh","-c","id -G; echo over"]}' http://corral/v1/containers
      until_log groups over`,
    );
    expect(said).toBe('1000\nover');
  });

  it('gets no group by it once it has connected', async () => {
    const web = await outer('web', { userns: 'host' });
    const script = `const { writeFileSync } = require('node:fs');
      const socket = require('node:net').connect(process.env.CORRAL_API, () => {
        writeFileSync('/proc/self/comm', '\\rGid:0 42');
        const body = JSON.stringify({ name: 'gid', command: ['sh', '-c', 'id -g; echo over'] });
        socket.write('POST /v1/containers HTTP/1.1\\r\\nConnection: close\\r\\nContent-Length: ' + body.length + '\\r\\n\\r\\n' + body);
      });
      socket.resume().on('close', () => process.exit());`;
    const said = await ask(
      web,
      `${CURL} ${AS_USER} ${process.execPath} -e '${script.replaceAll("'", `'\\''`)}'; until_log gid over`,
    );
    expect(said).toBe('1000\nover');
  });

  it('gets out of no filter of system calls by it', async (context) => {
    if (process.arch !== 'x64') context.skip('the numbers of the system calls are those of x86-64');
    const web = await outer('web');
    const filter = `my $f = pack("SCCL", 6, 0, 0, 0x7fff0000); my $p = pack("Sx6P", 1, $f); syscall(157, 38, 1, 0, 0, 0) == 0 && syscall(317, 1, 0, $p) == 0 or die "no filter: $!"`;
    const said = await ask(
      web,
      `${CURL} curl_called Seccomp:0
      CALLED=$(called Seccomp:0) perl -e '${filter}; exec $ENV{CALLED}, "-s", "--unix-socket", $ENV{CORRAL_API}, "--json", shift, "http://corral/v1/containers"' '{"name":"job","command":["true"]}'`,
    );
    expect(said).toMatch(/under 2 filters of system calls, of which corral knows 1/);
    expect(await confined.supervisor.list()).toEqual([]);
  });
});
