// Options that may contradict each other are taken, refused, or give way as the Java producer decides: held against
// what its own constructor said of them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, type ProducerOptions } from '../../src';
import { OPTION_TABLE } from '../../src/options/option-table';
import { validateOptions } from '../../src/options/validate';

interface Vector {
  /** By Java's names. */
  options: Record<string, string>;
  idempotent?: boolean;
  refusal?: string;
}

const VECTORS: Vector[] = JSON.parse(
  readFileSync(path.join(__dirname, 'producer-config-vectors.json'), 'utf8'),
);

function ours({ options }: Vector): ProducerOptions {
  const named = Object.entries(options).map(([java, text]) => {
    const row = OPTION_TABLE.find((option) => option.java === java);
    if (row === undefined) throw new Error(`no option for Java's ${java}`);
    if (row.rule.kind === 'boolean') return [row.name, text === 'true'];
    return [row.name, /^-?\d+$/.test(text) ? Number(text) : text];
  });
  return { bootstrapServers: 'localhost:1', ...Object.fromEntries(named) };
}

function outcome(vector: Vector): { idempotent: boolean } | { refusal: string } {
  try {
    return { idempotent: validateOptions(ours(vector)).enableIdempotence };
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return { refusal: (error as ConfigError).message };
  }
}

/** Where we mean to differ, and how. */
const DIFFERENCES: {
  why: string;
  holds: (options: ProducerOptions, vector: Vector) => boolean;
  refused: boolean;
}[] = [
  {
    why: 'requests in flight are limited only where idempotence is left after acks and retries had their say',
    holds: ({ enableIdempotence, transactionalId, acks, retries, maxInFlightRequests }) =>
      enableIdempotence === undefined &&
      transactionalId === undefined &&
      maxInFlightRequests === 6 &&
      (acks === 1 || acks === 0 || retries === 0),
    refused: false,
  },
  {
    why: 'a requestTimeoutMs that was not said gives way to deliveryTimeoutMs',
    holds: ({ requestTimeoutMs, deliveryTimeoutMs = 120_000, lingerMs = 0 }, { refusal }) =>
      refusal?.startsWith('delivery') === true &&
      requestTimeoutMs === undefined &&
      deliveryTimeoutMs >= lingerMs,
    refused: false,
  },
  {
    why: 'a first pause above the longest is refused, where Java warns and makes all pauses alike',
    holds: (options) =>
      options.retryBackoffMs! > options.retryBackoffMaxMs! ||
      options.reconnectBackoffMs! > options.reconnectBackoffMaxMs!,
    refused: true,
  },
];

const cases = VECTORS.map((vector) => {
  const options = ours(vector);
  const difference = DIFFERENCES.find(({ holds }) => holds(options, vector));
  const { bootstrapServers, ...said } = options;
  return { vector, difference, said: JSON.stringify(said) };
});

describe('options that Java takes or refuses', () => {
  it.each(cases.filter(({ difference }) => difference === undefined))('$said', ({ vector }) => {
    const found = outcome(vector);
    if (vector.refusal === undefined) expect(found).toEqual({ idempotent: vector.idempotent });
    else expect(found, vector.refusal).toHaveProperty('refusal');
  });

  it.each(DIFFERENCES)('differently: $why', ({ why, refused }) => {
    const differing = cases.filter(({ difference }) => difference?.why === why);
    expect(differing.length).toBeGreaterThan(0);
    for (const { vector, said } of differing) {
      expect(vector.refusal !== undefined, said).toBe(!refused);
      expect('refusal' in outcome(vector), said).toBe(refused);
    }
  });

  it.each([
    [{ enableIdempotence: true, acks: 1 }, 'Must set acks to all', "acks 'all'"],
    [{ enableIdempotence: true, retries: 0 }, 'Must set retries to non-zero', 'retries above 0'],
    [{ maxInFlightRequests: 6 }, 'at most 5', 'at most 5'],
    [
      { enableIdempotence: false, transactionalId: 't' },
      'Cannot set a transactional.id',
      'needs enableIdempotence',
    ],
    [{ deliveryTimeoutMs: 1000, requestTimeoutMs: 30000 }, 'equal to or larger than', 'must be at least'],
  ])('%o is refused by both, for the same reason', (said, java, message) => {
    const both = cases.find((one) => sameOptions(ours(one.vector), said));
    expect(both?.vector.refusal).toContain(java);
    expect(outcome(both!.vector)).toEqual({ refusal: expect.stringContaining(message) });
  });
});

function sameOptions({ bootstrapServers, ...options }: ProducerOptions, said: object): boolean {
  const sorted = (value: object) => JSON.stringify(Object.entries(value).sort());
  return sorted(options) === sorted(said);
}
