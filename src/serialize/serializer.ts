// How keys and values become bytes.
import type { BytesLike } from '../intake/record';

/** Turns a record's key or value into bytes or text. Whatever it throws rejects that record alone. */
export interface Serializer<T> {
  serialize(topic: string, data: T): BytesLike;
}

/** Text as UTF-8. null and undefined stay null. */
export const stringSerializer: Serializer<string | null | undefined> = {
  serialize: (_topic, data) => {
    if (data !== null && data !== undefined && typeof data !== 'string') {
      throw new TypeError(`expected a string, got a ${typeof data}`);
    }
    return data;
  },
};

/** JSON text. undefined is Kafka's null; null is the JSON text `null`. */
export const jsonSerializer: Serializer<unknown> = {
  serialize: (_topic, data) => JSON.stringify(data),
};

/** Bytes as they are. */
export const bytesSerializer: Serializer<Uint8Array | null | undefined> = {
  serialize: (_topic, data) => {
    if (data !== null && data !== undefined && !(data instanceof Uint8Array)) {
      throw new TypeError(`expected a Uint8Array, got a ${typeof data}`);
    }
    return data;
  },
};
