import { runCommandLine } from './program.js';

// Not process.exit(): the container's parents in the cgroup tree are removed on the way out.
void runCommandLine(process.argv.slice(2), process.env).then((exitCode) => {
  process.exitCode = exitCode;
});
