// A host that vanishes leaves a connection open that nobody answers on: requestTimeoutMs is what finds out.
import { expect, it, onTestFinished } from 'vitest';
import { readBack } from '../broker/read-back';
import { describeWithOwnKafka } from '../broker/real-broker';
import { RealKafka } from '../broker/real-kafka';
import { createTopic } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

describeWithOwnKafka('a connection that nobody answers on any more', () => {
  it('is given up after requestTimeoutMs, and its records go another way, once', async () => {
    const kafka = await RealKafka.start({ proxied: true, heap: '384m' });
    onTestFinished(() => kafka.stop());
    const [{ proxy }] = kafka.brokers;
    const topic = await createTopic(kafka.directServers, { partitions: 1 });
    const producer = openProducer({ bootstrapServers: kafka.bootstrapServers, requestTimeoutMs: 1_000 });
    await producer.send({ topic, value: 'before' });
    proxy?.leaveHalfOpen();
    const started = performance.now();
    await producer.send({ topic, value: 'after' });
    const waited = performance.now() - started;
    expect(waited).toBeGreaterThan(900);
    // librdkafka's own limit is a minute.
    expect(waited).toBeLessThan(15_000);
    const values = (await readBack(kafka.directServers, topic)).map(({ value }) => String(value));
    expect(values).toEqual(['before', 'after']);
  }, 90_000);
});
