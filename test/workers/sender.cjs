// A worker thread that sends through a producer opened in another: what it does is told by `workerData.task`.
const { parentPort, workerData } = require('node:worker_threads');
const { join } = require('node:path');
const { Producer } = require(join(__dirname, '../../dist'));

const { handle, topic, name } = workerData;
const codeOf = (error) => error.errors?.[0]?.code ?? error.code ?? error.message;

const tasks = {
  /** Opens a producer of its own and shares it. */
  async owner() {
    const producer = new Producer({ bootstrapServers: workerData.bootstrapServers });
    await producer.connect();
    parentPort.postMessage(producer.share());
    parentPort.on('message', () => {});
  },

  /** Sends a record when it is told to through shared memory, and tells there that it is delivered. */
  async meanwhile() {
    const { signal } = workerData;
    const producer = Producer.attach(handle);
    await producer.send({ topic, value: 'before' });
    parentPort.postMessage('ready');
    Atomics.wait(signal, 0, 0);
    await producer.send({ topic, value: 'meanwhile' });
    Atomics.store(signal, 1, 1);
    Atomics.notify(signal, 1);
  },

  /** Sends what it is told, and tells what came of it. */
  async echo() {
    const producer = Producer.attach(handle, {
      valueSerializer: { serialize: (_topic, value) => `${name}:${value}` },
    });
    parentPort.on('message', async ({ id, values, close, turn }) => {
      // Sends of one turn are handed over at its end.
      if (turn) return setImmediate(() => parentPort.postMessage({ id }));
      if (close !== undefined) {
        await producer.close(close).then(
          () => parentPort.postMessage({ id }),
          (error) => parentPort.postMessage({ id, error: codeOf(error) }),
        );
        return;
      }
      const started = performance.now();
      await Promise.all(values.map((value) => producer.send({ topic, key: name, value }))).then(
        (results) => parentPort.postMessage({ id, results }),
        (error) =>
          parentPort.postMessage({
            id,
            error: codeOf(error),
            persisted: error.persisted,
            ms: performance.now() - started,
          }),
      );
    });
    parentPort.postMessage('ready');
  },

  /** Sends batches and single records until it is killed, or told to stop; notes each acknowledged one in shared memory. */
  async soak() {
    const acknowledged = new Uint8Array(workerData.acknowledged);
    const producer = Producer.attach(handle);
    let stop = false;
    parentPort.once('message', () => {
      stop = true;
    });
    let next = 0;
    const note = (n) => Atomics.store(acknowledged, n, 1);
    const record = (n) => ({
      topic,
      key: name,
      value: `${name}:${n}:${n % 50 === 0 ? 'x'.repeat(3000) : ''}`,
    });
    const lane = async () => {
      while (!stop && next < acknowledged.length - 200) {
        const first = next;
        next += 45;
        const batch = producer.sendBatch(Array.from({ length: 40 }, (_, i) => record(first + i)));
        const singles = Array.from({ length: 5 }, (_, i) => producer.send(record(first + 40 + i)));
        await batch;
        for (let i = 0; i < 40; i++) note(first + i);
        await Promise.all(singles.map((sent, i) => sent.then(() => note(first + 40 + i))));
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    };
    await Promise.all([lane(), lane(), lane()]);
    await producer.close();
    process.exit();
  },

  /** Attaches and throws while records are on their way. */
  async crash() {
    const producer = Producer.attach(handle);
    await producer.send({ topic, key: name, value: `${name}:first` });
    void producer.sendBatch(
      Array.from({ length: 100 }, (_, i) => ({ topic, key: name, value: `${name}:${i}` })),
    );
    // The hand-over has happened: the batch is the producer's now.
    throw new Error('the thread crashes');
  },
};

void tasks[workerData.task]();
