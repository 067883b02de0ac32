// A service whose onClosed fails, by throwing or by rejecting. With 'listen' it hears of uncaught exceptions.
const { Producer, closeOnSignals } = require('../../dist');

const [how] = process.argv.slice(2);
if (how === 'listen') process.on('uncaughtException', (error) => process.stdout.write(error.message));
const fails = async () => {
  throw new Error('not kept');
};
closeOnSignals(new Producer({ bootstrapServers: 'localhost:1' }), { onClosed: fails });
setInterval(() => {}, 1000);
process.stdout.write('ready ');
