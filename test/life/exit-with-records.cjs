// Run as a process of its own: ends in the way its argument says, with records in flight.
const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads');
const { join } = require('node:path');
const { Producer } = require(join(__dirname, '../../dist'));
const { EmbeddedCluster } = require(join(__dirname, '../../dist/testing'));

async function inFlight(bootstrapServers) {
  const producer = new Producer({ bootstrapServers });
  await producer.send({ topic: 'orders', value: 'first' });
  const swallow = () => undefined;
  for (let i = 0; i < 50; i++) {
    producer.send({ topic: 'orders', value: 'x'.repeat(100) }).catch(swallow);
    // Large enough for librdkafka to refer to the frame's memory.
    producer
      .sendBatch(Array.from({ length: 100 }, () => ({ topic: 'orders', value: 'x'.repeat(2000) })))
      .catch(swallow);
  }
  return producer;
}

const ways = {
  async exit(servers) {
    await inFlight(servers);
    process.exit(7);
  },
  async throw(servers) {
    await inFlight(servers);
    setImmediate(() => {
      throw new Error('uncaught');
    });
  },
  async sigterm(servers) {
    await inFlight(servers);
    process.kill(process.pid, 'SIGTERM');
  },
  async 'sigterm-handled'(servers) {
    process.once('SIGTERM', () => process.exit(0));
    await inFlight(servers);
    process.kill(process.pid, 'SIGTERM');
  },
  async idle(servers, cluster) {
    const producer = new Producer({ bootstrapServers: servers });
    await producer.send({ topic: 'orders', value: 'v' });
    await cluster.close();
    // Not closed: an idle producer does not keep the process.
  },
  async terminate(servers, cluster) {
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(__filename, { workerData: { servers } });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    await cluster.close();
  },
};

async function main() {
  const cluster = await EmbeddedCluster.start({ topics: [{ topic: 'orders', partitions: 4 }] });
  await ways[process.argv[2]](cluster.bootstrapServers, cluster);
}

if (isMainThread) void main();
else inFlight(workerData.servers).then(() => parentPort.postMessage('sending'));
