// A real Kafka that lets nobody in without a certificate or a password, with a listener for each way.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { RealKafka } from '../broker/real-kafka';
import { Authority, type Certificate } from './certificates';

export const USER = 'alice';
/** Never to be seen in what the producer says. */
export const PASSWORD = 'planted-password-5f1e9c';

const JAAS = 'org.apache.kafka.common.security';
const SASL_LISTENERS = ['sasl', 'clear'];

export class SecuredKafka {
  private constructor(
    readonly kafka: RealKafka,
    readonly authority: Authority,
    /** One that signed nothing the broker has. */
    readonly stranger: Authority,
    /** Signed for clients. */
    readonly client: Certificate,
    private readonly directory: string,
  ) {}

  static async start(): Promise<SecuredKafka> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-certificates-'));
    const authority = await Authority.make(directory, 'authority');
    const stranger = await Authority.make(directory, 'stranger');
    const here = 'DNS:localhost,IP:127.0.0.1';
    const [broker, expired, elsewhere, client] = await Promise.all([
      authority.sign('broker', { names: here }),
      authority.sign('expired', { names: here, days: -1 }),
      authority.sign('elsewhere', { names: 'DNS:other.example,IP:192.0.2.1' }),
      authority.sign('client', { names: 'DNS:client' }),
    ]);
    const kafka = await RealKafka.start({
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
    return new SecuredKafka(kafka, authority, stranger, client, directory);
  }

  async stop(): Promise<void> {
    await this.kafka.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
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
