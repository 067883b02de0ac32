// Consumers' partition assigners: they run inside kafkajs's consumers, so they are kafkajs's.
import type * as kafkajs from 'kafkajs';
import { installedKafkaJS } from './application';

export const PartitionAssigners: typeof kafkajs.PartitionAssigners = {
  get roundRobin() {
    return installedKafkaJS('PartitionAssigners').PartitionAssigners.roundRobin;
  },
};

export const AssignerProtocol: typeof kafkajs.AssignerProtocol = {
  get MemberMetadata() {
    return installedKafkaJS('AssignerProtocol').AssignerProtocol.MemberMetadata;
  },
  get MemberAssignment() {
    return installedKafkaJS('AssignerProtocol').AssignerProtocol.MemberAssignment;
  },
};
