// Modules for pools: what they make of records is told by their export.
const { threadId, isMainThread } = require('node:worker_threads');

const json = { serialize: (_topic, data) => JSON.stringify(data) };

/** Values become JSON that tells the thread. */
module.exports = ({ slow = 0 } = {}) => ({
  valueSerializer: {
    serialize: (_topic, data) => {
      if (data?.bad) throw new Error('no good');
      if (data?.exit !== undefined) process.exit(data.exit);
      if (data?.loop) for (;;);
      for (const end = performance.now() + slow / 1_000; performance.now() < end; );
      return JSON.stringify({ ...data, thread: isMainThread ? 0 : threadId });
    },
  },
});

module.exports.byLength = () => ({
  valueSerializer: json,
  partitioner: ({ keyBytes, partitionCount }) => keyBytes.length % partitionCount,
});

/** Serializes when asked to, half a second later; `crash` throws then, where nobody can catch it. */
module.exports.later = () => ({
  valueSerializer: {
    serialize: (_topic, { crash, ...data }) =>
      new Promise((resolve) => {
        setTimeout(() => {
          if (crash) throw new Error('thrown later');
          resolve(JSON.stringify(data));
        }, 500);
      }),
  },
});

/** Throws where nobody can catch it, when all is long done. */
module.exports.timeBomb = () => ({
  valueSerializer: {
    serialize: (_topic, { lit, ...data }) => {
      if (lit) {
        setTimeout(() => {
          throw new Error('a late failure');
        }, 500);
      }
      return JSON.stringify(data);
    },
  },
});

/** Bytes as they are, which tells whether they came whole. */
module.exports.plain = async () => ({});

module.exports.fails = () => {
  throw new Error('the schema is missing');
};

module.exports.gives = () => 'nothing of use';

module.exports.never = () => new Promise(() => {});

module.exports.json = () => ({ keySerializer: undefined, valueSerializer: json });

/** Tells what it got. */
module.exports.kinds = () => {
  const kindOf = (data) => (Buffer.isBuffer(data) ? 'Buffer' : data === null ? 'null' : typeof data);
  return {
    keySerializer: { serialize: (_topic, data) => (data === undefined ? null : kindOf(data)) },
    valueSerializer: {
      serialize: (_topic, data) => (data === undefined ? null : kindOf(data?.nested ?? data)),
    },
  };
};
