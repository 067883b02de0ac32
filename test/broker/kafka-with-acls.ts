// A real Kafka in which one user may be kept out of topics. The plain listeners may do everything.
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ResourcePatternTypes,
} from 'kafkajs';
import type { ProducerOptions } from '../../src';
import { kafkaJs } from './kafkajs-client';
import { RealKafka, type RealKafkaOptions } from './real-kafka';

const USERNAME = 'alice';
const PASSWORD = 'open-sesame';
const OPERATIONS = { write: AclOperationTypes.WRITE, all: AclOperationTypes.ALL };

export class KafkaWithAcls {
  private constructor(readonly kafka: RealKafka) {}

  static async start(options: Pick<RealKafkaOptions, 'brokers' | 'heap'> = {}): Promise<KafkaWithAcls> {
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    const kafka = await RealKafka.start({
      ...options,
      listeners: { USERS: 'SASL_PLAINTEXT' },
      brokerProperties: {
        'listener.name.users.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.users.plain.sasl.jaas.config': `${login} user_${USERNAME}="${PASSWORD}";`,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
        'allow.everyone.if.no.acl.found': 'true',
      },
    });
    return new KafkaWithAcls(kafka);
  }

  /** How a producer comes in as the user. */
  get asUser(): Pick<ProducerOptions, 'bootstrapServers' | 'ssl' | 'sasl'> {
    return {
      bootstrapServers: this.kafka.serversOf('USERS'),
      ssl: false,
      sasl: { mechanism: 'PLAIN', username: USERNAME, password: PASSWORD },
    };
  }

  /** 'all': the user is not even told that the topic exists. */
  async deny(topic: string, operation: keyof typeof OPERATIONS): Promise<void> {
    await this.#asAdmin((admin) =>
      admin.createAcls({
        acl: [
          {
            resourceType: AclResourceTypes.TOPIC,
            resourceName: topic,
            resourcePatternType: ResourcePatternTypes.LITERAL,
            principal: `User:${USERNAME}`,
            host: '*',
            operation: OPERATIONS[operation],
            permissionType: AclPermissionTypes.DENY,
          },
        ],
      }),
    );
  }

  /** Takes back what was denied. */
  async allow(topic: string): Promise<void> {
    await this.#asAdmin((admin) =>
      admin.deleteAcls({
        filters: [
          {
            resourceType: AclResourceTypes.TOPIC,
            resourceName: topic,
            resourcePatternType: ResourcePatternTypes.LITERAL,
            operation: AclOperationTypes.ANY,
            permissionType: AclPermissionTypes.ANY,
          },
        ],
      }),
    );
  }

  async #asAdmin(use: (admin: Admin) => Promise<unknown>): Promise<void> {
    const admin = kafkaJs(this.kafka.bootstrapServers).admin();
    await admin.connect();
    try {
      await use(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
