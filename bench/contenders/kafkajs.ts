// kafkajs: no linger and no batching of its own; what one `send` holds is what one request holds.
import * as kafkajs from 'kafkajs';
import { version } from 'kafkajs/package.json';
import type { Connect } from '../node-client';
import { connectKafkaJs, type KafkaJsLike } from './kafkajs-api';

export const connect: Connect = (spec) =>
  connectKafkaJs(kafkajs as unknown as KafkaJsLike, spec, { kafkajs: version });
