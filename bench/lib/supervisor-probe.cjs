// Loaded into a supervisor that is measured (node --require): it tells of its memory when it is asked over the channel that it was
// started with. Nothing of it runs meanwhile.
const { getHeapSpaceStatistics, setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

// Not --expose-gc: with another set of flags V8 would not take the code cache.
function collect() {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  gc();
  gc();
}

process.on('message', ({ collects }) => {
  if (collects) collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size;
  process.send({ rss, heapUsed, external, young });
});
