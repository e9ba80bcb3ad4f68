// Writes src/compile/seccomp/tables/: the numbers of all system calls, from the tables in a kernel's source.
//
//     node scripts/syscall-tables.mjs            downloads Debian's linux-source-6.12 (150 MB) into a temporary directory
//     node scripts/syscall-tables.mjs LINUX      takes them from there: the root of a kernel's source, 6.11 or newer
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const DEBIAN = 'linux-source-6.12';

const X86_64 = 'arch/x86/entry/syscalls/syscall_64.tbl';
const X86 = 'arch/x86/entry/syscalls/syscall_32.tbl';
const ARM = 'arch/arm/tools/syscall.tbl';
const GENERIC = 'scripts/syscall.tbl';

// One list for all architectures since 5.0: what is younger than the kernel of Debian's package.
const NEWER = {
  463: 'setxattrat',
  464: 'getxattrat',
  465: 'listxattrat',
  466: 'removexattrat',
  467: 'open_tree_attr',
  468: 'file_getattr',
  469: 'file_setattr',
  470: 'listns',
  471: 'rseq_slice_yield',
};

/** Which lines of which file, by their ABI; and what no table of the kernel's has. */
const TABLES = [
  { name: 'x86-64', constant: 'X86_64', file: X86_64, abis: ['common', '64'], extra: { 336: 'uprobe' } },
  { name: 'x32', constant: 'X32', file: X86_64, abis: ['common', 'x32'], extra: { 336: 'uprobe' } },
  { name: 'x86', constant: 'X86', file: X86, abis: ['i386'] },
  // syscall_abis_64 of arch/arm64/kernel/Makefile.syscalls
  { name: 'arm64', constant: 'ARM64', file: GENERIC, abis: ['common', '64', 'renameat', 'rlimit', 'memfd_secret'] },
  {
    name: 'arm',
    constant: 'ARM',
    file: ARM,
    abis: ['common', 'eabi'],
    // arch/arm/include/uapi/asm/unistd.h
    aliases: { arm_sync_file_range: 'sync_file_range2' },
    extra: {
      0xf0001: 'breakpoint',
      0xf0002: 'cacheflush',
      0xf0003: 'usr26',
      0xf0004: 'usr32',
      0xf0005: 'set_tls',
      0xf0006: 'get_tls',
    },
  },
];

const [given] = process.argv.slice(2);
const scratch = given === undefined ? mkdtempSync(`${tmpdir()}/syscall-tables-`) : undefined;
try {
  const linux = given ?? download(scratch);
  for (const table of TABLES) writeTable(linux, table);
} finally {
  if (scratch !== undefined) rmSync(scratch, { recursive: true });
}

function download(directory) {
  execFileSync('apt-get', ['-q', 'download', DEBIAN], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  const [deb] = readdirSync(directory);
  const wanted = [X86_64, X86, ARM, GENERIC].map((file) => `${DEBIAN}/${file}`);
  const archive = `./usr/src/${DEBIAN}.tar.xz`;
  execFileSync('dpkg-deb', ['-x', deb, '.'], { cwd: directory });
  execFileSync('tar', ['-xf', archive, ...wanted], { cwd: directory });
  return `${directory}/${DEBIAN}`;
}

function writeTable(linux, { name, constant, file, abis, extra = {}, aliases = {} }) {
  const entries = readFileSync(`${linux}/${file}`, 'utf8')
    .split('\n')
    .map((line) => line.split(/\s+/))
    .filter(([number, abi]) => /^\d+$/.test(number) && abis.includes(abi))
    .map(([number, , call]) => [Number(number), call]);
  const more = Object.entries({ ...NEWER, ...extra }).map(([number, call]) => [Number(number), call]);
  const all = [...entries, ...more].flatMap(([number, call]) => [
    [number, call],
    ...(call in aliases ? [[number, aliases[call]]] : []),
  ]);
  const known = new Map(all.map(([number, call]) => [call, number]));
  const path = fileURLToPath(new URL(`../src/compile/seccomp/tables/${name}.ts`, import.meta.url));
  writeFileSync(
    path,
    format(
      constant,
      name,
      [...known].map(([call, number]) => [number, call]),
    ),
  );
}

// `=N` before a name that does not follow on the one before it.
function format(constant, name, entries) {
  const sorted = entries.sort(([a, one], [b, other]) => a - b || (one < other ? -1 : 1));
  let next = 0;
  const words = sorted.flatMap(([number, call]) => {
    const jump = number === next ? [] : [`=${number}`];
    next = number + 1;
    return [...jump, call];
  });
  const lines = [''];
  for (const word of words) {
    if (lines.at(-1).length + word.length > 116) lines.push('');
    lines.push(`${lines.pop()}${lines.at(-1) === '' ? '' : ' '}${word}`.trimStart());
  }
  return `/** System calls of ${name}, in the form that {@link readTable} reads. Made by scripts/syscall-tables.mjs. */
export const ${constant} = \`
${lines.join('\n')}
\`;
`;
}
