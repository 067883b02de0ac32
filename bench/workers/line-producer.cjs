// As `kcat -P` does: each line of a file is a record without key, by node-rdkafka's producer.
// `line-producer.cjs brokers topic file reports|no-reports`; prints how many were sent.
const { createReadStream } = require('node:fs');
const { createInterface } = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');
const { CODES, Producer } = require('node-rdkafka');

const [brokers, topic, file, reports] = process.argv.slice(2);

async function main() {
  const withReports = reports === 'reports';
  const producer = new Producer({
    'bootstrap.servers': brokers,
    // As Millrace's default.
    'enable.idempotence': true,
    dr_cb: withReports,
  });
  await new Promise((resolve, reject) => {
    producer.connect({}, (error) => (error ? reject(error) : resolve()));
  });
  let failed = 0;
  let delivered = 0;
  producer.on('delivery-report', (error) => {
    if (error) failed++;
    else delivered++;
  });
  producer.setPollInterval(5);
  let sent = 0;
  for await (const line of createInterface({ input: createReadStream(file, { highWaterMark: 256 << 10 }) })) {
    await produce(producer, Buffer.from(line));
    sent++;
  }
  await new Promise((resolve, reject) => {
    producer.flush(120_000, (error) => (error ? reject(error) : resolve()));
  });
  while (withReports && delivered + failed < sent) await sleep(1);
  await new Promise((resolve) => producer.disconnect(resolve));
  if (failed > 0) throw new Error(`${failed} failed`);
  console.log(sent);
}

/** Waits only where it must: not once for each line. */
function produce(producer, line) {
  try {
    producer.produce(topic, null, line);
    return undefined;
  } catch (error) {
    if (error.code !== CODES.ERRORS.ERR__QUEUE_FULL) throw error;
    return sleep(1).then(() => produce(producer, line));
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
