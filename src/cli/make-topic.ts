// A topic for a command that wants one with so many partitions.
import { TopicAdmin } from '../admin/topic-admin';
import { MillraceError, type ProducerOptions } from '../index';

const TIMEOUT_MS = 30_000;

/** Leaves a topic that is there as it is, and says so. */
export async function makeTopic(options: ProducerOptions, topic: string, partitions: number): Promise<void> {
  const admin = await TopicAdmin.open(options);
  try {
    await admin.createTopic({ topic, partitions }, TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof MillraceError && error.code === 'TOPIC_ALREADY_EXISTS')) throw error;
    process.stderr.write(`Topic ${topic} is there already: its partitions stay as they are.\n`);
  } finally {
    admin.close();
  }
}
