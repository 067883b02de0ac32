// How Millrace's contenders connect: the workload's settings in its words.
import type { TrialSpec } from '../trial';

export function connectionOf({ brokers, workload, lingerMs, bufferBytes }: TrialSpec) {
  const { idempotent, compression } = workload;
  return {
    bootstrapServers: brokers,
    acks: 'all',
    enableIdempotence: idempotent,
    compression,
    lingerMs,
    bufferMemory: bufferBytes,
  } as const;
}
