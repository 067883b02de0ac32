// Every name that kafkajs exports, and what programs ask of it.
import { describe, expect, it } from 'vitest';
import * as millrace from '../../src/kafkajs';
import { installedKafkaJS as kafkajs } from './installed-kafkajs';

type Loose = Record<string, unknown>;
type ErrorClass = new (...args: unknown[]) => Error & { retriable?: boolean };

const ours = millrace as unknown as Loose;
const theirs = kafkajs as unknown as Loose;
const names = Object.keys(theirs);
const errorNames = names.filter(
  (name) => (theirs[name] as { prototype?: unknown })?.prototype instanceof Error,
);

describe('exports', () => {
  it('are all there', () => {
    expect(names.length).toBeGreaterThan(40);
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(names));
  });

  it('are the default export too, for `import kafkajs from` compiled to CommonJS', () => {
    expect(Object.keys(ours.default as object).sort()).toEqual([...names].sort());
    for (const name of names) expect((ours.default as Loose)[name]).toBe(ours[name]);
  });

  it.each([
    'logLevel',
    'CompressionTypes',
    'ConfigResourceTypes',
    'ConfigSource',
    'AclResourceTypes',
    'AclOperationTypes',
    'AclPermissionTypes',
    'ResourcePatternTypes',
  ])('%s has the same names and numbers', (name) => {
    expect(ours[name]).toEqual(theirs[name]);
  });

  it.each(['CompressionCodecs', 'Partitioners', 'PartitionAssigners', 'AssignerProtocol'])(
    '%s has the same members',
    (name) => {
      expect(Object.keys(ours[name] as object)).toEqual(Object.keys(theirs[name] as object));
    },
  );

  it('hands on the assigners of consumers', () => {
    expect(millrace.PartitionAssigners.roundRobin).toBe(kafkajs.PartitionAssigners.roundRobin);
    const assignment = { version: 1, assignment: { orders: [0, 1] }, userData: Buffer.from('u') };
    const bytes = millrace.AssignerProtocol.MemberAssignment.encode(assignment);
    expect(kafkajs.AssignerProtocol.MemberAssignment.decode(bytes)).toEqual(assignment);
  });

  it('calls the Java-compatible partitioner the default one', () => {
    expect(millrace.Partitioners.JavaCompatiblePartitioner).toBe(millrace.Partitioners.DefaultPartitioner);
  });
});

// What each class is made from; most take a message.
const ARGUMENTS: Record<string, unknown[]> = {
  KafkaJSOffsetOutOfRange: [
    { message: 'm', type: 'T', code: 7 },
    { topic: 't', partition: 3 },
  ],
  KafkaJSMemberIdRequired: [{ message: 'm', type: 'T', code: 7 }, { memberId: 'id' }],
  KafkaJSNumberOfRetriesExceeded: [new Error('m'), { retryCount: 5, retryTime: 300 }],
  KafkaJSConnectionError: ['m', { broker: 'b:1', code: 'ECONNREFUSED' }],
  KafkaJSConnectionClosedError: ['m', { host: 'b', port: 1 }],
  KafkaJSRequestTimeoutError: [
    'm',
    { broker: 'b:1', correlationId: 1, createdAt: 2, sentAt: 3, pendingDuration: 4 },
  ],
  KafkaJSTopicMetadataNotLoaded: ['m', { topic: 't' }],
  KafkaJSStaleTopicMetadataAssignment: ['m', { topic: 't', unknownPartitions: [] }],
  KafkaJSDeleteGroupsError: ['m', [{ groupId: 'g' }]],
  KafkaJSServerDoesNotSupportApiKey: ['m', { apiKey: 1, apiName: 'Fetch' }],
  KafkaJSDeleteTopicRecordsError: [{ topic: 't', partitions: [{ error: { retriable: false } }] }],
  KafkaJSCreateTopicError: [{ message: 'm', type: 'T', code: 7, retriable: false }, 't'],
  KafkaJSAlterPartitionReassignmentsError: [{ message: 'm', type: 'T', code: 7 }, 't', 2],
  KafkaJSAggregateError: ['m', [new Error('one')]],
  KafkaJSProtocolError: [{ message: 'm', type: 'T', code: 7, retriable: false, helpUrl: 'https://h' }],
};
/** kafkajs gives these two the name of their parent. */
const MISNAMED = ['KafkaJSInvalidVarIntError', 'KafkaJSInvalidLongError'];

function chain(type: ErrorClass): string[] {
  const chain: string[] = [];
  for (let proto = type.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    chain.push(proto.constructor.name);
  }
  return chain;
}

describe('errors', () => {
  it.each(errorNames)('%s has the same ancestors and fields', (name) => {
    const Ours = ours[name] as ErrorClass;
    const Theirs = theirs[name] as ErrorClass;
    expect(chain(Ours)).toEqual(chain(Theirs));
    const args = ARGUMENTS[name] ?? ['m'];
    const error = new Ours(...args);
    const expected = new Theirs(...args);
    const fields = (of: Error) => ({ ...of, name: undefined, stack: undefined, helpUrl: undefined });
    expect(fields(error)).toEqual(fields(expected));
    expect(error.cause).toEqual(expected.cause);
    expect(error.message).toBe(expected.message);
    expect(error.name).toBe(MISNAMED.includes(name) ? name : expected.name);
  });

  it('recognize those of kafkajs, which an application’s consumers throw', () => {
    const thrown = new kafkajs.KafkaJSNumberOfRetriesExceeded(new Error('m'), {
      retryCount: 1,
      retryTime: 2,
    });
    expect(thrown).toBeInstanceOf(millrace.KafkaJSNumberOfRetriesExceeded);
    expect(thrown).toBeInstanceOf(millrace.KafkaJSNonRetriableError);
    expect(thrown).toBeInstanceOf(millrace.KafkaJSError);
    expect(thrown).not.toBeInstanceOf(millrace.KafkaJSProtocolError);
    expect(new Error('m')).not.toBeInstanceOf(millrace.KafkaJSError);
    expect({ name: 'KafkaJSError' }).not.toBeInstanceOf(millrace.KafkaJSError);
    expect(null).not.toBeInstanceOf(millrace.KafkaJSError);
  });

  it('of the program’s own are not recognized by their names', () => {
    class ValidationError extends millrace.KafkaJSNonRetriableError {}
    const Other = class ValidationError extends Error {};
    expect(new ValidationError('m')).toBeInstanceOf(ValidationError);
    expect(new ValidationError('m')).toBeInstanceOf(millrace.KafkaJSError);
    expect(new Other('m')).not.toBeInstanceOf(ValidationError);
    expect(new (class extends Error {})('m')).not.toBeInstanceOf(class extends millrace.KafkaJSError {});
  });

  it('keep help and message of the error they are made from', () => {
    const source = Object.assign(new Error('reason'), { helpUrl: 'https://help' });
    const error = new millrace.KafkaJSError(source, { retriable: false });
    expect(error).toMatchObject({ message: 'reason', helpUrl: 'https://help', retriable: false });
    expect(
      new millrace.KafkaJSNumberOfRetriesExceeded(source, { retryCount: 1, retryTime: 2 }),
    ).toMatchObject({
      cause: source,
      retriable: false,
      stack: expect.stringContaining('Caused by: Error: reason'),
    });
  });
});
