// Formats the C and C++ files with clang-format; with `--check`, only tells which are not formatted.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Tables such as steps.def are aligned by hand.
const files = ['native', 'test', 'bench'].flatMap(findSources);
if (files.length > 0) {
  const mode = process.argv.includes('--check') ? ['--dry-run', '-Werror'] : ['-i'];
  const { error, status } = spawnSync('clang-format', [...mode, ...files], { cwd: root, stdio: 'inherit' });
  if (error) console.error(`clang-format: ${error.message} (Debian: apt-get install clang-format)`);
  process.exitCode = status ?? 1;
}

function findSources(directory) {
  try {
    const names = readdirSync(`${root}/${directory}`, { recursive: true });
    return names.filter((name) => /[.](c|cc|h)$/.test(name)).map((name) => `${directory}/${name}`);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
