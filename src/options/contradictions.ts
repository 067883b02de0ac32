// What options say together: contradictions, in the sense of Java's ProducerConfig.
import { ConfigError, describeValue } from '../errors';
import { schemeOf } from './bootstrap-server';
import { OPTION_TABLE } from './option-table';
import type { Compression, ProducerOptions, ResolvedOptions } from './producer-options';
import { type Properties, securityProperties, turnsVerificationOff } from './security';

/**
 * Of the codecs that have levels, those that librdkafka takes. It would cut gzip's and lz4's to their range silently, takes
 * no more than 12 for any, and zstd's 0 is only another name of its default.
 */
const COMPRESSION_LEVELS: Partial<Record<Compression, readonly [least: number, most: number]>> = {
  gzip: [0, 9],
  lz4: [0, 12],
  zstd: [1, 12],
};

/** Whether every replica in sync has to have a record. */
export function isAcksAll(acks: ResolvedOptions<never, never>['acks']): boolean {
  return acks === 'all' || acks === -1;
}

/**
 * @param options with defaults filled in
 * @param given what the caller said
 * @throws ConfigError
 */
export function checkTogether<K, V>(options: ResolvedOptions<K, V>, given: ProducerOptions<K, V>): void {
  const { enableIdempotence: idempotent, acks, retries, maxInFlightRequests, transactionalId } = options;
  const { compression, compressionLevel } = options;
  const levels = COMPRESSION_LEVELS[compression];
  const transactional = transactionalId !== undefined;
  const needy = transactional ? 'transactionalId' : 'enableIdempotence';
  const rules: [broken: boolean, message: string][] = [
    [
      compressionLevel !== undefined && levels === undefined,
      `compressionLevel needs compression gzip, lz4 or zstd, got ${describeValue(compression)}`,
    ],
    [
      levels !== undefined &&
        compressionLevel !== undefined &&
        !(compressionLevel >= levels[0] && compressionLevel <= levels[1]),
      `compressionLevel must be from ${levels?.[0]} to ${levels?.[1]} with compression ${compression}, ` +
        `got ${compressionLevel}`,
    ],
    [transactional && !idempotent, 'transactionalId needs enableIdempotence, got false'],
    [idempotent && !isAcksAll(acks), `${needy} needs acks 'all', got ${describeValue(acks)}`],
    [idempotent && retries === 0, `${needy} needs retries above 0`],
    [
      idempotent && maxInFlightRequests > 5,
      `${needy} needs maxInFlightRequests of at most 5, got ${maxInFlightRequests}`,
    ],
    [
      transactional && options.deliveryTimeoutMs > options.transactionTimeoutMs,
      `deliveryTimeoutMs (${options.deliveryTimeoutMs}) must not exceed transactionTimeoutMs ` +
        `(${options.transactionTimeoutMs})`,
    ],
    [
      options.deliveryTimeoutMs < options.lingerMs + options.requestTimeoutMs &&
        given.deliveryTimeoutMs !== undefined &&
        given.requestTimeoutMs !== undefined,
      `deliveryTimeoutMs (${options.deliveryTimeoutMs}) must be at least lingerMs + requestTimeoutMs ` +
        `(${options.lingerMs} + ${options.requestTimeoutMs})`,
    ],
    [
      options.deliveryTimeoutMs < options.lingerMs,
      `deliveryTimeoutMs (${options.deliveryTimeoutMs}) must be at least lingerMs (${options.lingerMs})`,
    ],
    [
      options.retryBackoffMs > options.retryBackoffMaxMs,
      `retryBackoffMs (${options.retryBackoffMs}) must not exceed retryBackoffMaxMs (${options.retryBackoffMaxMs})`,
    ],
    [
      options.reconnectBackoffMs > options.reconnectBackoffMaxMs,
      `reconnectBackoffMs (${options.reconnectBackoffMs}) must not exceed ` +
        `reconnectBackoffMaxMs (${options.reconnectBackoffMaxMs})`,
    ],
  ];
  for (const [broken, message] of rules) if (broken) throw new ConfigError(message);
  const security = securityProperties(options.ssl, options.sasl);
  checkSchemes(options, security);
  checkProperties(options, security);
}

/** librdkafka leaves a server out, saying so in its log only, whose scheme is not that of its connections. */
function checkSchemes(
  { bootstrapServers, librdkafka }: Pick<ResolvedOptions<never, never>, 'bootstrapServers' | 'librdkafka'>,
  security: Properties,
): void {
  const [, said = librdkafka['security.protocol'] ?? 'plaintext'] =
    security.find(([property]) => property === 'security.protocol') ?? [];
  const protocol = String(said).toLowerCase();
  for (const server of bootstrapServers.split(',')) {
    const scheme = schemeOf(server);
    if (scheme === undefined || scheme.toLowerCase() === protocol) continue;
    throw new ConfigError(
      `bootstrapServers has a server with ${scheme}://, but connections use ${protocol}: see the options ssl and sasl`,
    );
  }
}

/** librdkafka's own properties must not say again, or undo, what options say. */
function checkProperties(
  { librdkafka, ssl }: Pick<ResolvedOptions<never, never>, 'librdkafka' | 'ssl'>,
  security: Properties,
): void {
  const secured = security.map(([property]) => property);
  const withoutSasl = security.some(
    ([property, value]) => property === 'security.protocol' && value === 'ssl',
  );
  for (const property of Object.keys(librdkafka)) {
    if (secured.includes(property === 'sasl.mechanism' ? 'sasl.mechanisms' : property)) {
      throw new ConfigError(`librdkafka property ${property} is set by the options ssl and sasl: use those`);
    }
    if (withoutSasl && property.startsWith('sasl.')) {
      throw new ConfigError(
        `librdkafka property ${property}: the option ssl alone connects without SASL: use the option sasl`,
      );
    }
    if (security.length > 0 && ssl !== false && turnsVerificationOff(property, librdkafka[property])) {
      throw new ConfigError(
        `librdkafka property ${property}: use rejectUnauthorized and verifyHostname of the option ssl`,
      );
    }
    const option = OPTION_TABLE.find((row) => row.property === property || row.aliases?.includes(property));
    if (option !== undefined) {
      throw new ConfigError(`librdkafka property ${property} is set by the option ${option.name}: use that`);
    }
  }
}
