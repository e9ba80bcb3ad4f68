// Bundles a fuzzer of this directory, which is TypeScript, and runs it.
//
//   node test/fuzz/run.mjs config --runs 20000 --seed 1
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [name = '', ...flags] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
// Beside the source: it finds its files by its own place.
const bundle = `${here}.${name}.${process.pid}.mjs`;

await build({
  entryPoints: [`${here}${name}.ts`],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
});
process.argv = [process.execPath, bundle, ...flags];
try {
  await import(bundle);
} finally {
  rmSync(bundle);
}
