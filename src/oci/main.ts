import { runCommandLine } from './program.js';

void runCommandLine(process.argv.slice(2), process.env).then((exitCode) => {
  process.exitCode = exitCode;
});
