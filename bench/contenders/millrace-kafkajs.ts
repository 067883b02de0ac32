// Millrace through its kafkajs-shaped entry: kafkajs's own adapter with the import changed.
import { version } from '../../package.json';
import type { Connect } from '../node-client';
import { connectKafkaJs } from './kafkajs-api';

export const connect: Connect = async (spec) => {
  const entry: string = 'millrace/kafkajs';
  return connectKafkaJs(await import(entry), spec, { millrace: version });
};
