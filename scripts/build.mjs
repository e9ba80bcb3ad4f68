// Builds dist/: the library and the command line in a few files, and the types.
//
// Node reads and compiles a hundred small modules in 60 ms, and these in a quarter of that: start-up time is a feature. What both
// entries use goes to shared chunks; what only one verb uses stays in a chunk that is loaded with the verb.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(`${root}/dist`, { recursive: true, force: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { index: 'src/index.ts', corral: 'src/cli/main.ts' },
  // As deep as src/native: src/native/locate.ts finds the package's directory from both.
  outdir: 'dist/lib',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  metafile: true,
  // commander is CommonJS, and asks for node:events with require().
  banner: {
    js: "import { createRequire as corralRequire } from 'node:module'; const require = corralRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
writeFileSync(`${root}/dist/lib/THIRD-PARTY-LICENSES.txt`, bundledLicenses(Object.keys(metafile.inputs)));

await import('./build-types.mjs');

/** The licenses of the packages that are part of the bundle, as those ask for. */
function bundledLicenses(inputs) {
  const packages = new Set(inputs.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  return [...packages].map((name) => `${name}\n${'='.repeat(name.length)}\n\n${readLicense(name)}`).join('\n\n');
}

function readLicense(name) {
  for (const file of ['LICENSE', 'LICENSE.md', 'license', 'LICENSE.txt']) {
    try {
      return readFileSync(`${root}/node_modules/${name}/${file}`, 'utf8');
    } catch {
      // another spelling
    }
  }
  throw new Error(`${name} is part of the bundle and has no license file`);
}
