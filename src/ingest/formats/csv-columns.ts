// What a CSV row's cells are called and used for.
import { isUtf8 } from 'node:buffer';
import { ConfigError } from '../../errors';

export interface CsvOptions {
  /** Columns; where the cell is empty, there is no key or timestamp. */
  key: string | null;
  /** Default: an object of all columns. */
  value: string | null;
  timestamp: string | null;
  /** The columns' names, when the input has no header row. */
  columns?: readonly string[];
  /** Called once, with the header row as text, before any batch. */
  onHeader?: (header: string) => void;
}

const NOT_ASCII = /[\u0080-\u00ff]/;

/** What a row's cells are called and used for. */
export class CsvColumns {
  readonly key: number;
  readonly value: number;
  readonly timestamp: number;
  /** A row's JSON before each cell. */
  private readonly prefixes: string[];

  /** @throws ConfigError for a name that is there twice, or none where one is asked for */
  constructor(
    readonly names: string[],
    { key, value, timestamp, onHeader }: CsvOptions,
  ) {
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated !== undefined) throw new ConfigError(`CSV header: column ${repeated} is there twice`);
    [this.key, this.value, this.timestamp] = [key, value, timestamp].map((column) => {
      if (column === null || names.includes(column)) return names.indexOf(column as string);
      throw new ConfigError(`CSV header: no column ${column} among ${names.join(', ')}`);
    });
    this.prefixes = names.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    onHeader?.(names.map(quoteCell).join(','));
  }

  /** @throws ConfigError for what the constructor refuses, and names that are not UTF-8 */
  static ofHeader(cells: readonly string[], options: CsvOptions): CsvColumns {
    const names = cells.map((cell) => {
      const name = fromUtf8(cell);
      if (name === undefined) throw new ConfigError('CSV header: not UTF-8, which is what is expected');
      return name;
    });
    return new CsvColumns(names, options);
  }

  /** A row's cells as text. @throws Error when they are not as many as columns, or not UTF-8 */
  check(cells: string[]): string[] {
    const { names } = this;
    if (cells.length !== names.length) {
      throw new Error(`not a CSV row: ${cells.length} cells for ${names.length} columns`);
    }
    return cells.map((cell, index) => {
      const text = fromUtf8(cell);
      if (text === undefined) throw new Error(`not UTF-8: column ${names[index]}`);
      return text;
    });
  }

  /** An object of all cells, in the columns' order. */
  json(cells: string[]): string {
    let text = '';
    for (let i = 0; i < cells.length; i++) text += this.prefixes[i] + JSON.stringify(cells[i]);
    return `${text}}`;
  }
}

function quoteCell(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Text of which each character stands for a byte. Undefined when the bytes are not UTF-8. */
function fromUtf8(bytes: string): string | undefined {
  if (!NOT_ASCII.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString() : undefined;
}
