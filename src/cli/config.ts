// `millrace config`: the producer's options.
import { type Command, Option } from 'commander';
import {
  defaultText,
  type OptionReference,
  optionReferences,
  optionsPage,
} from '../options/option-reference';

interface ConfigFlags {
  json?: true;
  markdown?: true;
}

export function addConfigCommand(program: Command): void {
  program
    .command('config')
    .summary("list the producer's options")
    .description(
      "Lists the producer's options with their defaults and units, and their names in librdkafka, in the Java\n" +
        'producer and in kafkajs.',
    )
    .addOption(new Option('--json', 'print them as a JSON array').conflicts('markdown'))
    .option('--markdown', 'print them as a page of documentation')
    .action((flags: ConfigFlags) => {
      process.stdout.write(flags.markdown ? optionsPage() : `${flags.json ? json() : table()}\n`);
    });
}

function json(): string {
  return JSON.stringify(optionReferences(), null, 2);
}

function table(): string {
  const heading = ['option', 'default', 'unit', 'librdkafka', 'Java', 'kafkajs'];
  const rows = [heading, ...optionReferences().map(cellsOf)];
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cellsOf({ name, unit, librdkafka, java, kafkajs, ...option }: OptionReference): string[] {
  return [name, defaultText(option.default), unit, librdkafka ?? '', java ?? '', kafkajs ?? ''];
}
