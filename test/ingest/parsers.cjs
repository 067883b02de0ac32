// Modules that an ingestion may be given as its format.
module.exports =
  ({ prefix = '' } = {}) =>
  (line, number) => {
    const text = line.toString();
    if (text === '') return null;
    if (text.startsWith('bad')) throw new Error(`no good: ${text}`);
    if (text === 'exit') process.exit(3);
    const [key, value] = text.split('=');
    return { key, value: prefix + value, timestamp: 1_000 + number, headers: { number: String(number) } };
  };
module.exports.later = () => async (line) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return { key: line.toString().slice(0, 1) };
};
module.exports.notAFactory = 7;
module.exports.makesNothing = () => 'nothing';
module.exports.never = () => () => new Promise(() => {});
module.exports.neverMade = () => new Promise(() => {});
module.exports.loops = () => () => {
  for (;;);
};
module.exports.leavesTimer = () => {
  setInterval(() => {}, 1_000);
  return () => ({});
};
module.exports.numbers = () => (line) => ({ [line.toString()]: 5 });
