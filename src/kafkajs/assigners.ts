// Consumers' partition assigners: they run inside kafkajs's consumers, so they are kafkajs's.
import { installedKafkaJS } from './application';
import type { ISerializer, MemberAssignment, MemberMetadata, PartitionAssigner } from './kafkajs-types';

export const PartitionAssigners: { readonly roundRobin: PartitionAssigner } = {
  get roundRobin() {
    return installedKafkaJS('PartitionAssigners').PartitionAssigners.roundRobin;
  },
};

export const AssignerProtocol: {
  readonly MemberMetadata: ISerializer<MemberMetadata>;
  readonly MemberAssignment: ISerializer<MemberAssignment>;
} = {
  get MemberMetadata() {
    return installedKafkaJS('AssignerProtocol').AssignerProtocol.MemberMetadata;
  },
  get MemberAssignment() {
    return installedKafkaJS('AssignerProtocol').AssignerProtocol.MemberAssignment;
  },
};
