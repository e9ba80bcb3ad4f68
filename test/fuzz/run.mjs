// Bundles a fuzzer of this directory, which is TypeScript, and runs it.
//
//   node test/fuzz/run.mjs config --runs 20000 --seed 1
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [name = '', ...flags] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));

/** Beside the source: it finds its files by its own place. */
const bundled = (part) => `${here}.${part}.${process.pid}.mjs`;

// What is started once more, in another process.
const parts = [name, `${name}-worker`].filter((part) => existsSync(`${here}${part}.ts`));
for (const part of parts) {
  await build({
    entryPoints: [`${here}${part}.ts`],
    outfile: bundled(part),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
}
process.env['CORRAL_FUZZ_WORKER'] = bundled(`${name}-worker`);
process.argv = [process.execPath, bundled(name), ...flags];
try {
  await import(bundled(name));
} finally {
  for (const part of parts) rmSync(bundled(part));
}
