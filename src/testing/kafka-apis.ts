// The requests an embedded cluster can be told to fail, by their names in Kafka's protocol guide. Metadata is not among
// them: librdkafka's mock takes no errors for it, only for a topic in it (`setTopicError`).
export const API_KEYS = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  ApiVersions: 18,
  InitProducerId: 22,
  OffsetForLeaderEpoch: 23,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const;

export type KafkaApi = keyof typeof API_KEYS;
