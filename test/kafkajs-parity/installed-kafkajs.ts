// The installed kafkajs with all of its names: importing it as an ES module shows only those a parser finds.
import { createRequire } from 'node:module';
import type * as kafkajs from 'kafkajs';

export const installedKafkaJS: typeof kafkajs = createRequire(__filename)('kafkajs');
