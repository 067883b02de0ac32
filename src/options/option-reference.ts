// The options as documentation shows them: read from the table that validation reads.
import { OPTION_TABLE } from './option-table';
import { expectation } from './validate';

export interface OptionReference {
  name: string;
  summary: string;
  /** What a value must be, in words. */
  values: string;
  /** Null where there is none. */
  default: unknown;
  /** The Java producer's default, where it is another. */
  javaDefault?: unknown;
  unit: string;
  /** Names elsewhere; null where there is no such thing. */
  librdkafka: string | null;
  java: string | null;
  kafkajs: string | null;
}

export function optionReferences(): OptionReference[] {
  return OPTION_TABLE.map((row) => ({
    name: row.name,
    summary: row.summary,
    values: expectation(row.rule),
    default: row.default ?? null,
    ...('javaDefault' in row ? { javaDefault: row.javaDefault } : {}),
    unit: 'unit' in row.rule ? row.rule.unit : '',
    librdkafka: row.property ?? null,
    java: row.java ?? null,
    kafkajs: row.kafkajs ?? null,
  }));
}

/** A default as it is written in TypeScript; empty where there is none. */
export function defaultText(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

const INTRODUCTION = `# Options

<!-- Made by \`npm run docs:options\` from the table that the producer itself reads. -->

Every option of \`new Producer({ … })\`, with its name in librdkafka, in the Java producer and in kafkajs. Names and
defaults are the Java producer's where it has them; where a default differs, Java's is told beside it. \`millrace config\`
prints the same table, \`millrace config --json\` for programs.
`;

const TOGETHER = `
## Options that depend on each other

As the Java producer's \`ProducerConfig\`, a default gives way to what was said, and two things that were said and cannot
both be are refused with a \`ConfigError\`:

- \`enableIdempotence\` needs \`acks: 'all'\`, \`retries\` above 0 and \`maxInFlightRequests\` of at most 5. Where it was
  not said, \`acks: 1\`, \`acks: 0\` or \`retries: 0\` turn it off; more requests in flight need it to be said:
  \`enableIdempotence: false\`.
- \`transactionalId\` needs idempotence, and \`deliveryTimeoutMs\` of at most \`transactionTimeoutMs\`.
- \`deliveryTimeoutMs\` must be at least \`lingerMs\` + \`requestTimeoutMs\`; its default grows to that, and a
  \`requestTimeoutMs\` that was not said gives way to it (Java refuses a short \`delivery.timeout.ms\` alone).
- \`retryBackoffMs\` may not exceed \`retryBackoffMaxMs\`, nor \`reconnectBackoffMs\` \`reconnectBackoffMaxMs\`; the
  longest pause's default grows with the first. (Java only warns where it exceeds.)
- \`compressionLevel\` needs a codec that has levels, and one of them.
- \`librdkafka: { … }\` takes any property of librdkafka, except those that an option above sets and those the producer
  is built on. librdkafka's own check comes when the producer is opened.
`;

/** The whole of docs/options.md. */
export function optionsPage(): string {
  const heading = ['Option', 'Default', 'Unit', 'librdkafka', 'Java', 'kafkajs', 'What it is'];
  const rows = optionReferences().map((option) => [
    `\`${option.name}\``,
    defaultCell(option),
    option.unit,
    codeCell(option.librdkafka),
    codeCell(option.java),
    kafkajsCell(option.kafkajs),
    `${option.summary} (${option.values})`,
  ]);
  const lines = [heading, heading.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return `${INTRODUCTION}\n${lines.join('\n')}\n${TOGETHER}`;
}

function defaultCell(option: OptionReference): string {
  const ours = option.default === null ? '' : `\`${defaultText(option.default)}\``;
  return 'javaDefault' in option ? `${ours} (Java: \`${defaultText(option.javaDefault)}\`)` : ours;
}

/** Several names, separated by commas, are code each. */
function codeCell(names: string | null): string {
  if (names === null) return '';
  return names
    .split(', ')
    .map((name) => `\`${name}\``)
    .join(', ');
}

function kafkajsCell(name: string | null): string {
  return name === null ? '' : name.replace(/^[\w.]+/, (code) => `\`${code}\``);
}
