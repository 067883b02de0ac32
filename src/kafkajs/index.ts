// `millrace/kafkajs`: kafkajs's names, each by itself and all of them as the default, which `import kafkajs from` takes
// when it is compiled to CommonJS.
import * as kafkajs from './names';

export * from './names';
export default kafkajs;
