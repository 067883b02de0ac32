// Checks a producer's options against the table and fills in defaults. Reads each option once and never writes into the
// caller's object.
import { check, didYouMean, isNamed, lookInto, OBJECT } from '../check-given';
import { ConfigError, describeValue } from '../errors';
import { isTopicName } from '../intake/topic-name';
import { isPartitioner, PARTITIONER_NAMES } from '../partition/partitioner';
import { isServer } from './bootstrap-server';
import { checkTogether, isAcksAll } from './contradictions';
import { OPTION_TABLE, type OptionRow, type OptionRule } from './option-table';
import type { ProducerOptions, ResolvedOptions } from './producer-options';
import { checkedSasl, checkedSsl } from './security';

/** @throws ConfigError for an unknown option, a wrong type or range, or a contradiction. */
export function validateOptions<K, V>(caller: ProducerOptions<K, V>): ResolvedOptions<K, V> {
  check("the producer's options", OBJECT, caller);
  const known: string[] = OPTION_TABLE.map((row) => row.name);
  for (const name of lookInto("the producer's options", () => Object.keys(caller))) {
    if (!known.includes(name)) throw new ConfigError(`unknown option ${name}${suggestion(name, known)}`);
  }
  const said: Record<string, unknown> = {};
  const resolved: Record<string, unknown> = {};
  for (const row of OPTION_TABLE) {
    const { name } = row;
    lookInto(`option ${name}`, () => {
      const value = caller[name];
      said[name] = value;
      resolved[name] = value === undefined ? row.default : checked(row, value);
    });
  }
  const given = said as unknown as ProducerOptions<K, V>;
  const options = resolved as unknown as ResolvedOptions<K, V>;
  if (options.bootstrapServers === undefined) {
    throw new ConfigError("option bootstrapServers is required: 'host:port' or a list of them");
  }
  // Java: a default gives way to what was said.
  if (given.retryBackoffMaxMs === undefined) {
    resolved.retryBackoffMaxMs = Math.max(options.retryBackoffMaxMs, options.retryBackoffMs);
  }
  if (given.reconnectBackoffMaxMs === undefined) {
    resolved.reconnectBackoffMaxMs = Math.max(options.reconnectBackoffMaxMs, options.reconnectBackoffMs);
  }
  const leastDelivery = options.lingerMs + options.requestTimeoutMs;
  if (given.deliveryTimeoutMs === undefined && options.deliveryTimeoutMs < leastDelivery) {
    resolved.deliveryTimeoutMs = Math.ceil(leastDelivery);
  }
  // librdkafka: no record may outlive its transaction.
  if (given.deliveryTimeoutMs === undefined && options.transactionalId !== undefined) {
    resolved.deliveryTimeoutMs = Math.min(options.deliveryTimeoutMs, options.transactionTimeoutMs);
  }
  // Java: idempotence by default gives way to acks and retries that it cannot have; asked for, they are an error. To too many
  // requests in flight it does not give way: nobody asking for those means to give up idempotence.
  if (given.enableIdempotence === undefined && options.transactionalId === undefined) {
    resolved.enableIdempotence = isAcksAll(options.acks) && options.retries > 0;
  }
  checkTogether(options, given);
  return Object.freeze(options);
}

function checked({ name, rule }: OptionRow, value: unknown): unknown {
  const result = fits(rule, value);
  if (result !== undefined) return result.value;
  throw new ConfigError(`option ${name} must be ${expectation(rule)}, got ${described(rule, value)}`);
}

/** Without what could be a password. */
function described({ kind }: OptionRule, value: unknown): string {
  if (kind === 'properties' && typeof value === 'string') return 'a string';
  const told = describeValue(value);
  return kind === 'servers' && told.includes('@') ? 'one with an @' : told;
}

/** The value as it will be used, or undefined when the rule is broken. */
function fits(rule: OptionRule, value: unknown): { value: unknown } | undefined {
  switch (rule.kind) {
    case 'integer':
    case 'number': {
      if (typeof value !== 'number' || !(value >= rule.min && value <= rule.max)) return undefined;
      return rule.kind === 'number' || Number.isInteger(value) ? { value } : undefined;
    }
    case 'choice':
      return rule.choices.includes(value as string | number) ? { value } : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? { value } : undefined;
    case 'string':
      // librdkafka would read it up to the zero.
      return typeof value === 'string' && value !== '' && !value.includes('\0') ? { value } : undefined;
    case 'servers': {
      const list = typeof value === 'string' ? value.split(',') : value;
      if (!Array.isArray(list) || list.length === 0) return undefined;
      const servers = list.map((server) => (typeof server === 'string' ? server.trim() : ''));
      return servers.every(isServer) ? { value: servers.join(',') } : undefined;
    }
    case 'serializer':
      return typeof (value as { serialize?: unknown } | null)?.serialize === 'function'
        ? { value }
        : undefined;
    case 'partitioner':
      return isPartitioner(value) ? { value } : undefined;
    case 'topics':
      return isNamed(value) ? { value: checkedTopics(value) } : undefined;
    case 'ssl':
      return { value: checkedSsl(value) };
    case 'sasl':
      return { value: checkedSasl(value) };
    case 'properties':
      return isNamed(value) ? { value: checkedProperties(value) } : undefined;
  }
}

const PROPERTY_TYPES = ['string', 'number', 'boolean'];

function checkedProperties(given: Record<string, unknown>): Record<string, unknown> {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [property, value] of said) {
    if (!PROPERTY_TYPES.includes(typeof value)) {
      throw new ConfigError(
        `librdkafka property ${property} must be a string, a number or a boolean, got ${describeValue(value)}`,
      );
    }
    if (`${property}${value}`.includes('\0')) {
      throw new ConfigError(`librdkafka property ${JSON.stringify(property)} has a NUL in it`);
    }
  }
  return Object.fromEntries(said);
}

const TOPIC_ROWS = OPTION_TABLE.filter(({ name }) =>
  ['keySerializer', 'valueSerializer', 'partitioner', 'keylessPartitioning'].includes(name),
);

function checkedTopics(topics: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [topic, given] of Object.entries(topics)) {
    if (!isTopicName(topic))
      throw new ConfigError(`option topics: ${JSON.stringify(topic)} is no topic's name`);
    if (!isNamed(given)) {
      throw new ConfigError(`option topics.${topic} must be an object, got ${describeValue(given)}`);
    }
    const own: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(given)) {
      const row = TOPIC_ROWS.find((option) => option.name === name);
      if (row === undefined) {
        const allowed = TOPIC_ROWS.map((option) => option.name).join(', ');
        throw new ConfigError(`unknown option topics.${topic}.${name}: a topic may have ${allowed}`);
      }
      if (value === undefined) continue;
      const fit = fits(row.rule, value);
      if (fit === undefined) {
        throw new ConfigError(
          `option topics.${topic}.${name} must be ${expectation(row.rule)}, got ${describeValue(value)}`,
        );
      }
      own[name] = fit.value;
    }
    result[topic] = own;
  }
  return result;
}

/** What a value must be, in words. */
export function expectation(rule: OptionRule): string {
  switch (rule.kind) {
    case 'integer':
    case 'number': {
      const what = rule.kind === 'integer' ? 'an integer' : 'a number';
      return `${what}${rule.unit === '' ? '' : ` (${rule.unit})`} from ${rule.min} to ${rule.max}`;
    }
    case 'choice':
      return `one of ${rule.choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a string that is not empty, without NUL';
    case 'servers':
      return "'host:port' or a list of them";
    case 'serializer':
      return 'an object with a method serialize(topic, data, headers)';
    case 'partitioner':
      return `one of ${PARTITIONER_NAMES.join(', ')}, a function, or an object or class with a method partition(request)`;
    case 'topics':
      return "an object of topics' names and their options";
    // Their own checks tell more.
    case 'ssl':
      return 'true, false or an object';
    case 'sasl':
      return 'an object';
    case 'properties':
      return "an object of librdkafka's property names and their values (strings, numbers, booleans)";
  }
}

/** What an option that does not exist is called here, if it is known from elsewhere or is nearly one of ours. */
function suggestion(name: string, known: readonly string[]): string {
  const row = OPTION_TABLE.find(({ property, aliases, java, kafkajs }) =>
    [property, ...(aliases ?? []), java, kafkajs].includes(name),
  );
  return row === undefined ? didYouMean(name, known) : `: did you mean ${row.name}?`;
}
