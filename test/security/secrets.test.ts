// Secrets are planted in all that a producer can be given, and searched for in all that anybody is told.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Producer, type ProducerOptions } from '../../src';
import { Kafka, logLevel } from '../../src/kafkajs';
import { runCli } from '../cli/run-cli';
import { ScratchDirectory } from '../cli/scratch-directory';
import { openProducer } from '../testing/open-producer';
import { encryptedKey } from './certificates';
import { everythingSaid, Said } from './everything-said';
import { describeOnSecuredKafka, PASSWORD, USER } from './secured-kafka';
import { unsecuredToken } from './tokens';

type Credentials = Pick<ProducerOptions, 'ssl' | 'sasl' | 'librdkafka'>;

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const MODULE = join(__dirname, '..', 'workers', 'modules.cjs');
const PASSPHRASE = 'planted-passphrase-92ab01';

/** Neither as they are nor in base64. */
function expectUnsaid(said: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]) {
      const at = said.indexOf(form);
      expect(at < 0 ? 'not said' : said.slice(Math.max(0, at - 300), at)).toBe('not said');
    }
  }
}

describeOnSecuredKafka('secrets', (secured) => {
  const scratch = new ScratchDirectory();

  it('are in nothing the producer says, not even when asked for everything', async () => {
    const key = await encryptedKey(secured.client, PASSPHRASE);
    const token = unsecuredToken(60);
    const keyLine = key.split('\n')[2];
    const plainKeyLine = secured.client.key.split('\n')[1];
    const secrets = [PASSWORD, PASSPHRASE, token, keyLine, plainKeyLine];
    expect(secrets.every((secret) => secret.length > 15)).toBe(true);
    const ssl = { ca: secured.ca, cert: secured.client.cert, key, passphrase: PASSPHRASE };
    const oauth = { mechanism: 'OAUTHBEARER' as const };
    const attempts: [string, Credentials][] = [
      ...MECHANISMS.flatMap((mechanism): [string, Credentials][] => [
        ['SASL', { ssl, sasl: { mechanism, username: USER, password: PASSWORD } }],
        ['SASL', { ssl, sasl: { mechanism, username: 'mallory', password: PASSWORD } }],
        ['TLS', { ssl, sasl: { mechanism, username: USER, password: PASSWORD } }],
      ]),
      ['SASL', { ssl, sasl: { ...oauth, oauthBearerProvider: async () => ({ value: token }) } }],
      ['SASL', { ssl, sasl: { ...oauth, oauthBearerProvider: async () => ({ value: `${token}x` }) } }],
      [
        'SASL',
        { ssl, sasl: { ...oauth, oauthBearerProvider: async () => ({ value: token, lifetimeMs: 1 }) } },
      ],
      ['MUTUAL', { ssl }],
      ['MUTUAL', { ssl: { ...ssl, key: secured.client.key, passphrase: undefined } }],
      ['EXPIRED', { ssl }],
      // Refused before anything is sent: a passphrase that does not fit, a key that is another's, no key at all.
      ['MUTUAL', { ssl: { ...ssl, passphrase: `${PASSPHRASE}x` } }],
      ['MUTUAL', { ssl: { ...ssl, key: key.replace(keyLine, keyLine.toLowerCase()) } }],
      ['MUTUAL', { ssl: { ...ssl, cert: secured.ca } }],
    ];
    let said = '';
    for (const [listener, credentials] of attempts) {
      said += await everythingSaid(
        {
          bootstrapServers: secured.kafka.serversOf(listener),
          connectTimeoutMs: 2000,
          maxBlockMs: 1000,
          ...credentials,
          librdkafka: { debug: 'all', 'statistics.interval.ms': 100 },
        },
        secured.topic,
      );
    }
    expect(said.length).toBeGreaterThan(100_000);
    expect(said).toContain('sasl.password');
    expectUnsaid(said, secrets);
  }, 60_000);

  it('are not in what properties of librdkafka’s own names have it say', async () => {
    const key = await encryptedKey(secured.client, PASSPHRASE);
    let said = '';
    for (const password of [PASSWORD, `${PASSWORD}x`]) {
      said += await everythingSaid(
        {
          bootstrapServers: secured.kafka.serversOf('SASL'),
          connectTimeoutMs: 2000,
          maxBlockMs: 1000,
          librdkafka: {
            'security.protocol': 'sasl_ssl',
            'sasl.mechanisms': 'PLAIN',
            'sasl.username': USER,
            'sasl.password': password,
            'ssl.ca.pem': secured.ca,
            'ssl.certificate.pem': secured.client.cert,
            'ssl.key.pem': key,
            'ssl.key.password': PASSPHRASE,
            'statistics.interval.ms': 100,
            debug: 'all',
          },
        },
        secured.topic,
      );
    }
    expect(said).toContain('sasl.password');
    expectUnsaid(said, [PASSWORD, PASSPHRASE, key.split('\n')[2]]);
  }, 60_000);

  it('are in nothing that transactions, threads and pools say', async () => {
    const said = new Said();
    for (const password of [PASSWORD, `${PASSWORD}x`]) {
      const options: ProducerOptions = {
        bootstrapServers: secured.kafka.serversOf('SASL'),
        maxBlockMs: 1000,
        transactionTimeoutMs: 3000,
        ssl: { ca: secured.ca },
        sasl: { mechanism: 'PLAIN', username: USER, password },
        librdkafka: { debug: 'all' },
      };
      const transactional = openProducer({ ...options, transactionalId: `secrets-${password.length}` });
      transactional.on('log', said.hear).on('brokerError', said.hear);
      said.hear(transactional);
      await transactional
        .transact(async (transaction) => {
          said.hear(transaction);
          await transaction.send({ topic: secured.topic, value: 'v' });
        })
        .then(said.hear, said.hear);
      said.hear(transactional.metrics());
      said.hear(await transactional.close({ timeoutMs: 500 }));
      const owner = openProducer(options);
      owner.on('log', said.hear).on('brokerError', said.hear);
      const handle = owner.share();
      said.hear(handle);
      const attached = Producer.attach(handle);
      said.hear(attached);
      await attached.send({ topic: secured.topic, value: 'v' }).then(said.hear, said.hear);
      said.hear(await attached.close({ timeoutMs: 500 }));
      for (const mode of ['inline', 'pool'] as const) {
        const workers = owner.workers({ module: MODULE, export: 'plain', mode, threads: 1 });
        said.hear(workers);
        await workers.sendBatch(secured.topic, [{ value: 'v' }]).then(said.hear, said.hear);
        said.hear(workers.metrics());
        await workers.close();
      }
      await owner.ingest(['a line\n'], { topic: secured.topic, format: 'lines' }).then(said.hear, said.hear);
      await owner.close({ timeoutMs: 500 });
    }
    expect(said.text).toContain('sasl.password');
    expectUnsaid(said.text, [PASSWORD]);
  }, 60_000);

  it('are in nothing that millrace/kafkajs says', async () => {
    const said = new Said();
    for (const password of [PASSWORD, `${PASSWORD}x`]) {
      const kafka = new Kafka({
        brokers: [secured.kafka.serversOf('SASL')],
        ssl: { ca: secured.ca, passphrase: PASSPHRASE },
        sasl: { mechanism: 'plain', username: USER, password },
        logLevel: logLevel.DEBUG,
        logCreator: () => said.hear,
        retry: { retries: 0 },
      });
      const producer = kafka.producer();
      said.hear(kafka);
      said.hear(producer);
      for (const event of Object.values(producer.events)) producer.on(event, said.hear);
      await producer.connect().then(said.hear, said.hear);
      await producer.send({ topic: secured.topic, messages: [{ value: 'v' }] }).then(said.hear, said.hear);
      said.hear(producer);
      await producer.disconnect();
    }
    expect(said.text).toContain('producer.network.request');
    expectUnsaid(said.text, [PASSWORD, PASSPHRASE]);
  });

  it('are in nothing that the commands print', async () => {
    const properties = (password: string) => [
      'security.protocol=sasl_ssl',
      'sasl.mechanisms=PLAIN',
      `sasl.username=${USER}`,
      `sasl.password=${password}`,
      `ssl.ca.location=${secured.authority.certFile}`,
    ];
    const fileOf = (name: string, password: string) =>
      scratch.write(
        name,
        `bootstrap.servers=${secured.kafka.serversOf('SASL')}\n${properties(password).join('\n')}\n`,
      );
    const right = fileOf('right.properties', PASSWORD);
    const wrong = fileOf('wrong.properties', `${PASSWORD}x`);
    const unreadable = scratch.write('unreadable.properties', `sasl.password ${PASSWORD}\n`);
    const perf = ['--debug', 'perf', '-t', secured.topic, '-n', '10', '-s', '5'];
    const outcomes = await Promise.all([
      runCli(['--debug', 'produce', '-t', secured.topic, '-F', right], 'a line\n'),
      runCli(['--debug', 'partitions', 'plan', '-t', secured.topic, '--to', '5', '--config', right]),
      runCli([...perf, '--config', right]),
      runCli([...perf, '--config', wrong]),
      runCli([...perf, '--config', unreadable]),
      runCli([...perf, '-X', `sasl.password ${PASSWORD}`]),
      runCli([...perf, '-X', `sasl.passwrd=${PASSWORD}`]),
      runCli([...perf, '-X', `sasl.password=${PASSWORD}`, '-X', 'security.protocol=sasl']),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 1, 2, 2, 2, 2]);
    expect(outcomes[3].stderr).toContain('Authentication failed');
    expectUnsaid(outcomes.map(({ stdout, stderr }) => `${stdout}\n${stderr}`).join('\n'), [PASSWORD]);
  }, 90_000);
});
