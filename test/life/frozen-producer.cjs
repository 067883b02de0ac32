// Run as a process of its own, to be stopped and continued: sends a record for each message from its parent.
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
});
process.on('disconnect', () => producer.close({ timeoutMs: 1000 }));
