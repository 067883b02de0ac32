// Repeated header names among others, read back by a client that keeps their order.
import { expect, it } from 'vitest';
import type { HeaderValue } from '../../src';
import { readBack } from '../broker/read-back';
import { readHeadersInOrder } from '../properties/read-headers';
import { describeOnEachCluster } from '../testing/each-cluster';
import { openProducer } from '../testing/open-producer';

describeOnEachCluster('headers given as pairs', (cluster) => {
  it('arrive in their order, where names repeat and values are null too', async () => {
    const topic = await cluster.createTopic(1);
    const producer = openProducer({ bootstrapServers: cluster.brokers });
    const headers: [string, HeaderValue][] = [
      ['hop', 'first'],
      ['trace', null],
      ['hop', null],
      ['7', 'seven'],
      ['trace', ''],
      ['hop', new Uint8Array([0, 255])],
      ['', 'no name'],
      ['trace', 'last'],
    ];
    await producer.send({ topic, value: 'single', headers });
    await producer.sendBatch([
      { topic, value: 'batch', headers },
      { topic, value: 'batch', headers: [...headers].reverse() },
    ]);
    const hex = headers.map(([name, value]) => [name, Buffer.from(value ?? '').toString('hex')]);
    expect(await readHeadersInOrder(cluster.brokers, topic, 3)).toEqual([hex, hex, [...hex].reverse()]);
    // node-rdkafka does not tell null from empty; kafkajs does.
    const [{ headers: read }] = await readBack(cluster.brokers, topic);
    const valuesOf = (wanted: string) => read.filter(([name]) => name === wanted).map(([, value]) => value);
    expect(valuesOf('trace')).toEqual([null, Buffer.from(''), Buffer.from('last')]);
    expect(valuesOf('hop')).toEqual([Buffer.from('first'), null, Buffer.from([0, 255])]);
  });
});
