// kafkajs's logger: levels, namespaces, and a creator that applications may bring along.
import { logLevel } from './enums';
import type { LogEntry, Logger, logCreator } from './types';

/** One line of JSON for each entry, on the console's channel for its level. */
export const consoleLogCreator: logCreator = () => (entry: LogEntry) => {
  const { namespace, level, label, log } = entry;
  const message = namespace ? `[${namespace}] ${log.message}` : log.message;
  const line = JSON.stringify({ level: label, ...log, message });
  if (level === logLevel.ERROR) console.error(line);
  else if (level === logLevel.WARN) console.warn(line);
  else if (level === logLevel.INFO) console.info(line);
  else console.log(line);
};

/** `KAFKAJS_LOG_LEVEL` in the environment wins over what the program says, as in kafkajs. */
export function createLogger(
  level: logLevel = logLevel.INFO,
  creator: logCreator = consoleLogCreator,
  levelChanged: (level: logLevel) => void = () => {},
): Logger {
  let common = fromEnvironment() ?? level;
  const write = creator(common);

  const namespaced = (namespace: string, own: logLevel | undefined): Logger => {
    const at = (label: keyof typeof logLevel) => {
      const entryLevel = logLevel[label];
      return (message: string, extra: object = {}) => {
        if (entryLevel > (own ?? common)) return;
        // The name of the library whose place is taken: filters and dashboards look for it.
        const log = { timestamp: new Date().toISOString(), logger: 'kafkajs', message, ...extra };
        write({ namespace, level: entryLevel, label, log });
      };
    };
    return {
      info: at('INFO'),
      error: at('ERROR'),
      warn: at('WARN'),
      debug: at('DEBUG'),
      namespace: (name, ownLevel) => namespaced(name, fromEnvironment() ?? ownLevel),
      setLogLevel: (newLevel) => {
        common = newLevel;
        levelChanged(newLevel);
      },
    };
  };
  return namespaced(undefined as unknown as string, undefined);
}

function fromEnvironment(): logLevel | undefined {
  const name = (process.env.KAFKAJS_LOG_LEVEL ?? '').toUpperCase();
  return name in logLevel ? logLevel[name as keyof typeof logLevel] : undefined;
}
