// npm's `prepare`: builds dist/ in a clone. `npm ci --omit=dev` has no compiler, and is content with the dist/ it finds.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);
let compiler;
try {
  compiler = resolve('typescript/bin/tsc');
  // valibot brings a TypeScript of its own; only a full install has the types that corral needs.
  resolve('@types/node/package.json');
} catch {
  console.log('prepare: no development dependencies here: dist/ is not built');
  process.exit(0);
}
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: new URL('..', import.meta.url),
  stdio: 'inherit',
});
process.exit(status ?? 1);
