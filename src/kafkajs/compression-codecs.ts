// kafkajs's registry of codecs. Producers compress natively and never look here; consumers are kafkajs's and do.
import { CompressionTypes } from './enums';
import { KafkaJSNotImplemented } from './errors';

// biome-ignore lint/suspicious/noExplicitAny: kafkajs's own signature, which its codec packages match
type CodecFactory = () => any;

function unregistered(name: string): CodecFactory {
  return () => {
    throw new KafkaJSNotImplemented(`${name} is native to producers; for consumers register a codec here`);
  };
}

export const CompressionCodecs: Record<Exclude<CompressionTypes, 0>, CodecFactory> = {
  [CompressionTypes.GZIP]: unregistered('GZIP'),
  [CompressionTypes.Snappy]: unregistered('Snappy'),
  [CompressionTypes.LZ4]: unregistered('LZ4'),
  [CompressionTypes.ZSTD]: unregistered('ZSTD'),
};

const UNREGISTERED: Readonly<Record<string, CodecFactory>> = { ...CompressionCodecs };

/** What the program has registered, for kafkajs's own registry. */
export function registeredCodecs(): Record<string, CodecFactory> {
  return Object.fromEntries(
    Object.entries(CompressionCodecs).filter(([type, factory]) => factory !== UNREGISTERED[type]),
  );
}
