// Serializers whose promises come late, or never: nobody waits for them longer than was said.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { BatchError, Producer, ProducerOptions, Serializer } from '../../src';
import { readBack } from '../broker/read-back';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';
import { toldToProcess } from '../testing/uncaught';

/** 'never' is never serialized, 'late 300' after so many milliseconds, 'fails 300' then fails, the rest at once. */
const unreliable: Serializer<string> = {
  serialize: (_topic, value) => {
    const [what, ms] = value.split(' ');
    if (what === 'never') return new Promise(() => {});
    if (what === 'late') return sleep(Number(ms)).then(() => value);
    if (what === 'fails') return sleep(Number(ms)).then(() => Promise.reject(new Error('too late')));
    return value;
  },
};

const failure = (sent: Promise<unknown>) =>
  sent.then(
    () => expect.fail('it must have failed'),
    (error) => error,
  );

const atRest = { outstandingRecords: 0, bufferedBytes: 0, waitingSends: 0 };

describeOnEachCluster('a serializer that does not keep its promise', (cluster) => {
  const open = (options: Partial<ProducerOptions<string, string>> = {}): Producer<string, string> =>
    openProducer<string, string>({
      bootstrapServers: cluster.brokers,
      valueSerializer: unreliable,
      maxBlockMs: 400,
      ...options,
    });

  it('fails its record after maxBlockMs, and those behind go on in their order', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open();
    await producer.send({ topic, value: 'first' });
    const started = performance.now();
    const stuck = failure(producer.send({ topic, value: 'never' }));
    const single = producer.send({ topic, value: 'single' });
    const batch = failure(
      producer.sendBatch(['a', 'never', 'late 20', 'b'].map((value) => ({ topic, value }))),
    );
    const dispatch = producer.dispatch({ topic, value: 'never' });
    await expect(dispatch.accepted).rejects.toMatchObject({ code: 'SERIALIZATION_TIMEOUT' });
    const error = await stuck;
    expect(error).toMatchObject({
      code: 'SERIALIZATION_TIMEOUT',
      topic,
      timedOutIn: 'serializer',
      persisted: 'no',
      retriable: true,
      waited: { metadataMs: 0, bufferMs: 0, deliveryMs: 0 },
    });
    expect(error.message).toContain("the value serializer's promise was not kept within maxBlockMs (400 ms)");
    expect(error.waited.serializerMs).toBeGreaterThan(360);
    expect(performance.now() - started).toBeGreaterThan(360);
    await single;
    const { errors, result } = (await batch) as BatchError;
    expect(errors.map(({ index, code }) => [index, code])).toEqual([[1, 'SERIALIZATION_TIMEOUT']]);
    expect(result.deliveredCount).toBe(3);
    await producer.flush();
    const values = (await readBack(cluster.brokers, topic)).map(({ value }) => `${value}`);
    expect(values).toEqual(['first', 'single', 'a', 'late 20', 'b']);
    expect(producer.metrics()).toMatchObject(atRest);
  });

  it('tells which field is not there', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open({ keySerializer: unreliable, maxBlockMs: 100 });
    const error = await failure(producer.send({ topic, key: 'never', value: 'late 10' }));
    expect(error.message).toContain('the key serializer');
    expect(error.field).toBe('key');
    const later = await failure(producer.send({ topic, key: 'late 10', value: 'never' }));
    expect(later.message).toContain('the value serializer');
    expect(later.field).toBe('value');
  });

  it('does not keep close waiting, nor is anything delivered after its time', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open({ maxBlockMs: 60_000 });
    await producer.send({ topic, value: 'first' });
    const unhandled = await toldToProcess('unhandledRejection', async () => {
      const sends = [
        producer.send({ topic, value: 'never' }),
        producer.send({ topic, value: 'late 700' }),
        producer.send({ topic, value: 'fails 700' }),
        producer.send({ topic, value: 'behind' }),
      ].map(failure);
      const batch = failure(
        producer.sendBatch([
          { topic, value: 'late 700' },
          { topic, value: 'x' },
        ]),
      );
      const dispatch = producer.dispatch({ topic, value: 'fails 700' });
      const closed = await producer.close({ timeoutMs: 100 });
      expect(closed).toMatchObject({ accepted: 1, delivered: 1, unsent: 0, refused: 7 });
      for (const error of await Promise.all(sends)) {
        expect(error).toMatchObject({ code: 'PRODUCER_CLOSED', persisted: 'no', topic });
      }
      expect(((await batch) as BatchError).errors.map(({ code }) => code)).toEqual([
        'PRODUCER_CLOSED',
        'PRODUCER_CLOSED',
      ]);
      await expect(dispatch.delivered).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
      await sleep(800);
    });
    expect(unhandled).toEqual([]);
    expect(await readBack(cluster.brokers, topic)).toHaveLength(1);
    expect(producer.metrics()).toMatchObject(atRest);
  });

  it('may be given up by a signal, which lets those behind go on', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open({ maxBlockMs: 60_000 });
    const controller = new AbortController();
    const { signal } = controller;
    const stuck = failure(producer.send({ topic, value: 'never' }, { signal }));
    const batch = failure(producer.sendBatch([{ topic, value: 'never' }], { signal }));
    const behind = producer.send({ topic, value: 'behind' });
    controller.abort();
    expect(await stuck).toMatchObject({ code: 'ABORTED' });
    expect(await batch).toMatchObject({ errors: [{ code: 'ABORTED' }] });
    expect(await behind).toMatchObject({ offset: 0n });
  });

  it('in a transaction makes commit reject, and abort not wait', async () => {
    const topic = await cluster.createTopic(1);
    const producer = open({ transactionalId: topic, maxBlockMs: 5_000 });
    const first = await producer.beginTransaction();
    await first.send({ topic, value: 'a' });
    const aborted = failure(first.send({ topic, value: 'never' }));
    const abortedBatch = failure(first.sendBatch([{ topic, value: 'never' }]));
    const started = performance.now();
    await first.abort();
    expect(performance.now() - started).toBeLessThan(4_500);
    expect(await aborted).toMatchObject({ code: 'TRANSACTION_ABORTED', abortable: true });
    expect(await abortedBatch).toMatchObject({ errors: [{ code: 'TRANSACTION_ABORTED' }] });
    const second = await producer.beginTransaction();
    await second.send({ topic, value: 'b' });
    void second.send({ topic, value: 'never' });
    await expect(second.commit()).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      cause: { code: 'SERIALIZATION_TIMEOUT' },
    });
    await second.abort();
  });
});
