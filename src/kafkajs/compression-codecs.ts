// kafkajs's registry of codecs, where it is installed. Producers compress natively and never look here; consumers are
// kafkajs's own and do.
import { installedKafkaJS, isKafkaJSInstalled } from './application';
import { CompressionTypes } from './enums';
import { KafkaJSNotImplemented } from './errors';

// biome-ignore lint/suspicious/noExplicitAny: kafkajs's own signature, which its codec packages match
type CodecFactory = () => any;
type Codecs = Record<Exclude<CompressionTypes, 0>, CodecFactory>;

function unregistered(name: string): CodecFactory {
  return () => {
    throw new KafkaJSNotImplemented(`${name} is native to producers; for consumers register a codec here`);
  };
}

const withoutKafkaJS: Codecs = {
  [CompressionTypes.GZIP]: unregistered('GZIP'),
  [CompressionTypes.Snappy]: unregistered('Snappy'),
  [CompressionTypes.LZ4]: unregistered('LZ4'),
  [CompressionTypes.ZSTD]: unregistered('ZSTD'),
};

// Looked for when a codec is: a program of producers alone never loads kafkajs.
function registry(): Record<string, CodecFactory> {
  return isKafkaJSInstalled() ? installedKafkaJS('CompressionCodecs').CompressionCodecs : withoutKafkaJS;
}

export const CompressionCodecs = Object.defineProperties(
  {},
  Object.fromEntries(
    Object.keys(withoutKafkaJS).map((type) => [
      type,
      {
        enumerable: true,
        get: () => registry()[type],
        set: (factory: CodecFactory) => {
          registry()[type] = factory;
        },
      },
    ]),
  ),
) as Codecs;
