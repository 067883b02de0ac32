// A service whose onClosed fails. With 'listen' it hears of uncaught exceptions; with 'two' another producer takes longer to close.
const { Producer, closeOnSignals } = require('../../dist');

const [how] = process.argv.slice(2);
if (how === 'listen') process.on('uncaughtException', (error) => process.stdout.write(error.message));
const fails = async () => {
  throw new Error('not kept');
};
closeOnSignals(new Producer({ bootstrapServers: 'localhost:1' }), { onClosed: fails });
if (how === 'two') {
  closeOnSignals(new Producer({ bootstrapServers: 'localhost:1' }), {
    onClosed: async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.stdout.write('the other too');
    },
  });
}
setInterval(() => {}, 1000);
process.stdout.write('ready ');
