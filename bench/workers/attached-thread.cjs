// A thread that is attached to a producer, and sends for as long as it is told each time.
const { isMainThread, parentPort, workerData } = require('node:worker_threads');
const { jsonSerializer, Producer } = require('millrace');

const RECORDS = 500;

/** A batch of these values, over and over, with keys. */
function batchOf(topic, values) {
  return Array.from({ length: RECORDS }, (_, i) => ({
    topic,
    key: `key-${i}`,
    value: values[i % values.length],
  }));
}

/** What a producer of these values needs. */
const optionsFor = (values) => (typeof values[0] === 'string' ? {} : { valueSerializer: jsonSerializer });

module.exports = { batchOf, optionsFor };

if (!isMainThread && workerData?.handle !== undefined) {
  const { handle, topic, values, lanes } = workerData;
  const producer = Producer.attach(handle, optionsFor(values));
  const batch = batchOf(topic, values);
  parentPort.on('message', async (ms) => {
    const until = performance.now() + ms;
    let sent = 0;
    const lane = async () => {
      while (performance.now() < until) {
        const { deliveredCount } = await producer.sendBatch(batch);
        sent += deliveredCount;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    parentPort.postMessage(sent);
  });
}
