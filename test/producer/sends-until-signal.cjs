// A service that sends as fast as it can until a signal closes its producer, and reports what became of its records.
const { Producer, closeOnSignals } = require('../../dist');

const [brokers, topic] = process.argv.slice(2);
const producer = new Producer({ bootstrapServers: brokers });
const settled = { delivered: 0, failed: 0 };
let stopped = false;

closeOnSignals(producer, {
  timeoutMs: 30_000,
  onClosed: async (receipt, signal) => {
    // The promises have settled; their continuations run now.
    await new Promise(setImmediate);
    await new Promise((resolve) => process.send({ receipt, settled, signal }, resolve));
    process.disconnect();
  },
});

async function sendOn(write) {
  while (!stopped) await write();
}

const count = (records) => ({
  delivered: () => {
    settled.delivered += records;
    if (settled.delivered > 2000 && settled.delivered - records <= 2000) process.send('sending');
  },
  failed: (error) => {
    if (error.code === 'PRODUCER_CLOSED') {
      stopped = true;
      return;
    }
    settled.failed += records;
  },
});

for (let i = 0; i < 10; i++) {
  const single = count(1);
  void sendOn(() =>
    producer.send({ topic, key: `${i}`, value: 'single' }).then(single.delivered, single.failed),
  );
  const batch = count(100);
  const records = Array.from({ length: 100 }, () => ({ topic, value: 'of a batch' }));
  void sendOn(() => producer.sendBatch(records).then(batch.delivered, batch.failed));
}
