// `millrace/protobuf`: messages in Protobuf's binary format, by the package `@bufbuild/protobuf` (an optional peer).
import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { expected, type Serializer } from './serializer';

/**
 * A serializer for one message type, as protoc-gen-es generates them. Takes messages, and objects that `create` takes.
 * null and undefined stay null.
 */
export function protobufSerializer<Desc extends DescMessage>(
  schema: Desc,
): Serializer<MessageShape<Desc> | MessageInitShape<Desc> | null | undefined> {
  return {
    serialize: (_topic, data) => {
      if (data === null || data === undefined) return null;
      if (typeof data !== 'object') throw expected(`a message ${schema.typeName}`, data);
      const named = (data as { $typeName?: string }).$typeName;
      if (named !== undefined && named !== schema.typeName) {
        throw expected(`a message ${schema.typeName}`, { constructor: { name: named } });
      }
      // What `create` would find no field of, and write nothing.
      if (named === undefined && isContainer(data)) throw expected(`a message ${schema.typeName}`, data);
      const message =
        named === undefined ? create(schema, data as MessageInitShape<Desc>) : (data as MessageShape<Desc>);
      return toBinary(schema, message);
    },
  };
}

function isContainer(data: object): boolean {
  return (
    Array.isArray(data) ||
    ArrayBuffer.isView(data) ||
    data instanceof Date ||
    data instanceof Map ||
    data instanceof Set
  );
}
