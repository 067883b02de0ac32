// A leader that has appended a record and loses the leadership before its followers have it answers with an error, though
// the next leader may have the record already.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { RecordError } from '../../src';
import { readBack } from '../broker/read-back';
import { describeWithOwnKafka } from '../broker/real-broker';
import { RealKafka } from '../broker/real-kafka';
import { createTopic, movePartition, partitionStates, untilWritable, withAdmin } from '../broker/topics';
import { openProducer } from '../testing/open-producer';

describeWithOwnKafka('a record whose leader lost the leadership before its followers had the record', () => {
  it("is 'possibly' stored when it times out, and is stored", async () => {
    const kafka = await RealKafka.start({
      brokers: 3,
      proxied: true,
      heap: '384m',
      // A broker that is paused below keeps its place among the replicas that are in sync.
      brokerProperties: { 'broker.session.timeout.ms': '60000', 'replica.lag.time.max.ms': '60000' },
    });
    onTestFinished(() => kafka.stop());
    const topic = await createTopic(kafka.directServers, { partitions: 1, replicationFactor: 3 });
    const producer = openProducer({ bootstrapServers: kafka.bootstrapServers, deliveryTimeoutMs: 8_000 });
    await producer.send({ topic, value: 'before' });

    const [{ leader }] = await partitionStates(kafka.directServers, topic);
    // The controllers' leader has to stay awake.
    const controller = await kafka.activeController();
    const [slow, next] = kafka.brokers
      .filter(({ id }) => id !== leader)
      .sort((a, b) => Number(a.id === controller) - Number(b.id === controller));
    await slow.kill('SIGSTOP');
    // The next leader cannot be reached in time.
    next.proxy?.stall();
    next.proxy?.cut();
    const sent = producer.send({ topic, value: 'after' }).catch((error: RecordError) => error);
    await sleep(1_000);
    await movePartition(next.directServer, topic, 0, [next.id, slow.id]);
    const error = await sent;
    expect(error).toMatchObject({ code: '_MSG_TIMED_OUT', persisted: 'possibly' });

    await slow.kill('SIGCONT');
    next.proxy?.resume();
    await withAdmin(kafka.directServers, (admin) => untilWritable(admin, topic, 1));
    const values = (await readBack(kafka.directServers, topic)).map(({ value }) => String(value));
    expect(values).toEqual(['before', 'after']);
  }, 120_000);
});
