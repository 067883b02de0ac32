// A process that sends one batch after the other through a pool, tells what came of each, and closes nothing: it must end
// by itself, when all is told.
const { join } = require('node:path');

async function main() {
  const { Producer } = require(join(__dirname, '../../dist'));
  const producer = new Producer({ bootstrapServers: process.env.BROKERS });
  const module = join(__dirname, 'modules.cjs');
  const workers = producer.workers({ module, export: 'later', mode: 'pool', threads: 1 });
  for (let batch = 0; batch < 2; batch++) {
    await workers.sendBatch('orders', [{ value: { batch } }]).then(
      ({ deliveredCount }) => console.log(`${deliveredCount} delivered`),
      ({ errors }) => console.log(`${errors[0].code}: ${errors[0].message}`),
    );
  }
}

void main();
