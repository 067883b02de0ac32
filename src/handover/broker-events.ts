// Listens to librdkafka's logs and errors and remembers the last reason a broker connection gave, which is what a
// timeout is usually about.
import { NativeEvent } from '../addon';
import { kafkaErrorName, MillraceError } from '../errors';

export interface LogEvent {
  /** syslog's: 3 error, 4 warning, 5 notice, 6 info, 7 debug. */
  level: number;
  /** librdkafka's short word for where it came from, such as FAIL. */
  facility: string;
  message: string;
}

export interface BrokerEventListeners {
  log(event: LogEvent): void;
  brokerError(error: MillraceError): void;
  statistics(json: string): void;
  tokenRefresh(config: string): void;
}

/** Says only that every broker is unreachable, and says it again and again: the reason stands in an earlier event. */
const ALL_BROKERS_DOWN = '_ALL_BROKERS_DOWN';
/** Trying again will not help: the credentials or certificates are wrong. */
const REFUSALS: ReadonlySet<string> = new Set(['_AUTHENTICATION', '_SSL', 'SASL_AUTHENTICATION_FAILED']);

export class BrokerEvents {
  #last: MillraceError | undefined;
  #refusal: MillraceError | undefined;
  #fatal: MillraceError | undefined;
  readonly #listeners: BrokerEventListeners;

  constructor(listeners: BrokerEventListeners) {
    this.#listeners = listeners;
  }

  /** The last complaint of any broker connection. */
  get last(): MillraceError | undefined {
    return this.#last;
  }

  /** The last complaint that trying again will not cure. */
  get refusal(): MillraceError | undefined {
    return this.#refusal;
  }

  /** What ended the producer, if anything did (such as being fenced). */
  get fatal(): MillraceError | undefined {
    return this.#fatal;
  }

  /** The addon's callback. */
  readonly receive = (kind: number, code: number, fatal: boolean, facility: string, text: string): void => {
    switch (kind) {
      case NativeEvent.log:
        if (facility === 'FAIL') this.#last = new MillraceError(withoutPrefix(text), '_TRANSPORT');
        this.#listeners.log({ level: code, facility, message: text });
        break;
      case NativeEvent.error:
        this.#receiveError(code, fatal, text);
        break;
      case NativeEvent.statistics:
        this.#listeners.statistics(text);
        break;
      case NativeEvent.tokenRefresh:
        this.#listeners.tokenRefresh(text);
        break;
    }
  };

  #receiveError(code: number, fatal: boolean, text: string): void {
    const name = kafkaErrorName(code);
    if (name === ALL_BROKERS_DOWN) return;
    const error = new MillraceError(withoutPrefix(text), name, { fatal });
    this.#last = error;
    if (REFUSALS.has(name)) this.#refusal = error;
    if (fatal) this.#fatal = error;
    this.#listeners.brokerError(error);
  }
}

// "[thrd:127.0.0.1:9092/bootstrap]: 127.0.0.1:9092/bootstrap: Connect to …": the thread is of no interest.
function withoutPrefix(text: string): string {
  return text.replace(/^\[thrd:[^\]]*\]: /, '');
}
