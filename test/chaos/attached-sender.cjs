// A thread that sends batches through a producer opened in another, and tells what their promises said.
const { parentPort, workerData } = require('node:worker_threads');
const { join } = require('node:path');
const { BatchError, Producer } = require(join(__dirname, '../../dist'));

const producer = Producer.attach(workerData.handle);

async function send({ id, records }) {
  const { result, errors } = await producer.sendBatch(records).then(
    (all) => ({ result: all, errors: [] }),
    (error) => {
      // Anything else is a broken promise of its own, and ends this thread.
      if (error instanceof BatchError) return error;
      throw error;
    },
  );
  parentPort.postMessage({
    id,
    partitions: result.partitions.slice(),
    offsets: result.offsets.slice(),
    failures: new Map(errors.map(({ index, persisted }) => [index, persisted])),
  });
}

parentPort.on('message', async (message) => {
  if (message !== 'close') return send(message);
  await producer.close();
  parentPort.close();
});
