// Run as a process of its own, to be continued when it has stopped: sends a record for each message from its parent, and
// stops itself right behind the one that is to be on its way meanwhile.
const { join } = require('node:path');
const { Producer } = require(join(__dirname, '../../dist'));

const [bootstrapServers, topic, requestTimeoutMs] = process.argv.slice(2);
const producer = new Producer({ bootstrapServers, requestTimeoutMs: Number(requestTimeoutMs) });

process.on('message', (value) => {
  const started = performance.now();
  producer.send({ topic, value }).then(
    ({ offset }) => process.send({ value, ms: performance.now() - started, offset: `${offset}` }),
    (error) => process.send({ value, ms: performance.now() - started, error: error.code }),
  );
  // The turn's records have been handed over by then.
  if (value === 'in flight') setImmediate(() => process.kill(process.pid, 'SIGSTOP'));
});
process.on('disconnect', () => producer.close({ timeoutMs: 1000 }));
