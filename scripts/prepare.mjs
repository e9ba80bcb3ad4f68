// npm's `prepare`: builds dist/ in a clone. `npm ci --omit=dev` has no compiler, and is content with the dist/ it finds.
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);
try {
  for (const tool of ['typescript/bin/tsc', 'esbuild', '@types/node/package.json']) resolve(tool);
} catch {
  console.log('prepare: no development dependencies here: dist/ is not built');
  process.exit(0);
}
await import('./build.mjs');
