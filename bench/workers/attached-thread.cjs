// A thread that is attached to a producer, and sends for as long as it is told each time.
const { isMainThread, parentPort, workerData } = require('node:worker_threads');

const RECORDS = 500;

function batchOf(topic) {
  return Array.from({ length: RECORDS }, (_, i) => ({ topic, key: `key-${i}`, value: 'x'.repeat(100) }));
}

module.exports = { batchOf };

if (!isMainThread && workerData?.handle !== undefined) {
  const { Producer } = require('millrace');
  const producer = Producer.attach(workerData.handle);
  const batch = batchOf(workerData.topic);
  parentPort.on('message', async (ms) => {
    const until = performance.now() + ms;
    let sent = 0;
    const lane = async () => {
      while (performance.now() < until) {
        const { deliveredCount } = await producer.sendBatch(batch);
        sent += deliveredCount;
      }
    };
    await Promise.all(Array.from({ length: workerData.lanes }, lane));
    parentPort.postMessage(sent);
  });
}
