// Builds dist/types/index.d.ts: what src/index.ts offers, in one file, without the declarations of what it does not.
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const root = fileURLToPath(new URL('..', import.meta.url));

const bundle = await rollup({
  input: `${root}/src/index.ts`,
  external: /^node:/,
  plugins: [dts({ tsconfig: `${root}/tsconfig.build.json` })],
  // A warning here is a type that users would not get.
  onwarn: ({ message }) => {
    throw new Error(message);
  },
});
await bundle.write({ file: `${root}/dist/types/index.d.ts` });
await bundle.close();
