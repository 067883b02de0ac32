// A real Kafka that lets nobody in without a certificate or a password, with a listener for each way.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { describeWithOwnKafka } from '../broker/real-broker';
import { RealKafka } from '../broker/real-kafka';
import { createTopic } from '../broker/topics';
import { Authority, type Certificate } from './certificates';

export const USER = 'alice';
/** Never to be seen in what the producer says. */
export const PASSWORD = 'planted-password-5f1e9c';

const JAAS = 'org.apache.kafka.common.security';
/** A machine that is busy with other tests takes its time. */
const START_TIMEOUT_MS = 180_000;
const SASL_LISTENERS = ['sasl', 'clear'];

export class SecuredKafka {
  kafka!: RealKafka;
  /** Of one partition. */
  topic!: string;
  authority!: Authority;
  /** One that signed nothing the broker has. */
  stranger!: Authority;
  /** Signed for clients. */
  client!: Certificate;
  private directory: string | undefined;

  /** The authority's certificate, in PEM. */
  get ca(): string {
    return this.authority.cert;
  }

  async start(): Promise<void> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-certificates-'));
    this.directory = directory;
    const authority = await Authority.make(directory, 'authority');
    this.authority = authority;
    this.stranger = await Authority.make(directory, 'stranger');
    const here = 'DNS:localhost,IP:127.0.0.1';
    const [broker, expired, elsewhere, client] = await Promise.all([
      authority.sign('broker', { names: here }),
      authority.sign('expired', { names: here, days: -1 }),
      authority.sign('elsewhere', { names: 'DNS:other.example,IP:192.0.2.1' }),
      authority.sign('client', { names: 'DNS:client' }),
    ]);
    this.client = client;
    this.kafka = await RealKafka.start({
      listeners: {
        TLS: 'SSL',
        MUTUAL: 'SSL',
        EXPIRED: 'SSL',
        ELSEWHERE: 'SSL',
        SASL: 'SASL_SSL',
        CLEAR: 'SASL_PLAINTEXT',
      },
      formatArguments: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${USER},password=${PASSWORD}]`,
      ]),
      brokerProperties: {
        ...(await certificate('tls', broker)),
        ...(await certificate('mutual', broker)),
        ...(await certificate('expired', expired)),
        ...(await certificate('elsewhere', elsewhere)),
        ...(await certificate('sasl', broker)),
        'listener.name.mutual.ssl.client.auth': 'required',
        'listener.name.mutual.ssl.truststore.type': 'PEM',
        'listener.name.mutual.ssl.truststore.location': authority.certFile,
        ...Object.assign({}, ...SASL_LISTENERS.map(sasl)),
      },
    });
    this.topic = await createTopic(this.kafka.bootstrapServers, { partitions: 1 });
  }

  async stop(): Promise<void> {
    await this.kafka?.stop();
    if (this.directory !== undefined) await rm(this.directory, { recursive: true, force: true });
  }
}

/** A describe block with a Kafka of its own, which is there as soon as its tests run. */
export function describeOnSecuredKafka(name: string, fn: (secured: SecuredKafka) => void): void {
  describeWithOwnKafka(name, () => {
    const secured = new SecuredKafka();
    beforeAll(() => secured.start(), START_TIMEOUT_MS);
    afterAll(() => secured.stop());
    fn(secured);
  });
}

// Kafka reads key and chain from one file.
async function certificate(
  listener: string,
  { certFile, keyFile }: Certificate,
): Promise<Record<string, string>> {
  const file = certFile.replace(/\.pem$/, '.keystore.pem');
  const parts = await Promise.all([readFile(keyFile, 'utf8'), readFile(certFile, 'utf8')]);
  await writeFile(file, parts.join(''));
  return {
    [`listener.name.${listener}.ssl.keystore.type`]: 'PEM',
    [`listener.name.${listener}.ssl.keystore.location`]: file,
  };
}

function sasl(listener: string): Record<string, string> {
  const of = (mechanism: string) => `listener.name.${listener}.${mechanism}.sasl.jaas.config`;
  return {
    [`listener.name.${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    // Connections end when their token does, unless the client shows a new one (KIP-368).
    [`listener.name.${listener}.connections.max.reauth.ms`]: '600000',
    [of('plain')]: `${JAAS}.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
    [of('scram-sha-256')]: `${JAAS}.scram.ScramLoginModule required;`,
    [of('scram-sha-512')]: `${JAAS}.scram.ScramLoginModule required;`,
    [of('oauthbearer')]:
      `${JAAS}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  };
}
