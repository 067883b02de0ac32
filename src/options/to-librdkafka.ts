// Options in librdkafka's words.
import { addon } from '../addon';
import { ConfigError } from '../errors';
import { OPTION_TABLE } from './option-table';
import type { ResolvedOptions } from './producer-options';
import { securityProperties } from './security';

/** Ours to say, whatever the user wants: the engine is built on them. */
const FIXED: readonly [string, string][] = [
  // bufferMemory is the limit, counted before librdkafka sees a record.
  ['queue.buffering.max.messages', '0'],
  ['queue.buffering.max.kbytes', '2147483647'],
  // batchSize is the limit.
  ['batch.num.messages', '1000000'],
  ['log.connection.close', 'false'],
];

const SHORTEST_SOCKET_TIMEOUT_MS = 10;
const LONGEST_SOCKET_TIMEOUT_MS = 300_000;

/** What librdkafka must have been built with, by the property value that asks for it. */
const NEEDED_FEATURES: readonly {
  asks: (name: string, value: string) => boolean;
  feature: string;
  remedy: string;
}[] = [
  {
    asks: (name, value) => name === 'compression.type' && value === 'zstd',
    feature: 'zstd',
    remedy: 'libzstd-dev',
  },
  {
    asks: (name, value) => /^sasl\.mechanisms?$/.test(name) && value.toUpperCase() === 'GSSAPI',
    feature: 'sasl_gssapi',
    remedy: 'libsasl2-dev',
  },
  {
    asks: (name, value) => name === 'sasl.oauthbearer.method' && value === 'oidc',
    feature: 'oidc',
    remedy: 'libcurl4-openssl-dev and libssl-dev',
  },
  {
    asks: (name, value) => name === 'security.protocol' && value.toLowerCase().endsWith('ssl'),
    feature: 'ssl',
    remedy: 'libssl-dev',
  },
];

/** @throws ConfigError for a feature this librdkafka was built without, or a property that is not the user's to set. */
export function toLibrdkafka<K, V>(options: ResolvedOptions<K, V>): [string, string][] {
  const properties: [string, string][] = [];
  for (const { name, property, rule } of OPTION_TABLE) {
    if (property === undefined || options[name] === undefined) continue;
    let value = String(options[name]);
    if (name === 'batchSize') value = String(Math.max(options.batchSize, 1));
    // librdkafka: request.timeout.ms may not exceed the message timeout by much; Java clips it too.
    if (name === 'requestTimeoutMs')
      value = String(Math.min(options.requestTimeoutMs, options.deliveryTimeoutMs));
    if (rule.kind === 'boolean') value = options[name] === true ? 'true' : 'false';
    properties.push([property, value]);
  }
  properties.push(['socket.timeout.ms', String(socketTimeoutMs(options))]);
  properties.push(...securityProperties(options.ssl, options.sasl));
  for (const [name, value] of Object.entries(options.librdkafka)) {
    if (FIXED.some(([fixed]) => fixed === name)) {
      throw new ConfigError(`librdkafka property ${name} is set by the producer itself`);
    }
    properties.push([name, String(value)]);
  }
  const features = new Set(addon.librdkafkaFeatures.split(','));
  for (const [name, value] of properties) {
    const missing = NEEDED_FEATURES.find(({ asks, feature }) => asks(name, value) && !features.has(feature));
    if (missing !== undefined) {
      throw new ConfigError(
        `${name}=${value} needs a librdkafka built with ${missing.feature}, which this one was not: install ` +
          `${missing.remedy} (Debian's name) and run npm rebuild node-rdkafka`,
      );
    }
  }
  return [...properties, ...FIXED];
}

/**
 * How long librdkafka itself waits for an answer: request.timeout.ms only tells the broker how long it may take, and a
 * broker that has vanished does not look at it. librdkafka wants it within its limits and the transaction's.
 */
function socketTimeoutMs<K, V>(options: ResolvedOptions<K, V>): number {
  const { requestTimeoutMs, transactionalId, transactionTimeoutMs } = options;
  const longest = transactionalId === undefined ? LONGEST_SOCKET_TIMEOUT_MS : transactionTimeoutMs;
  return Math.max(SHORTEST_SOCKET_TIMEOUT_MS, Math.min(requestTimeoutMs, longest, LONGEST_SOCKET_TIMEOUT_MS));
}
