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

/** The end of a request to a broker. */
export interface RequestEvent {
  /** `host:port` */
  broker: string;
  /** As in Kafka's protocol guide: 0 is Produce. */
  apiKey: number;
  apiVersion: number;
  /** Of the answer; 0: there was none. */
  responseBytes: number;
  /** From sending to the answer, in ms; undefined: there was none. */
  roundTripMs: number | undefined;
  /** Why there was no answer, in librdkafka's names (`_TIMED_OUT`); undefined: none was due, or it came. */
  error: string | undefined;
}

export interface BrokerEventListeners {
  request(event: RequestEvent): void;
  log(event: LogEvent): void;
  brokerError(error: MillraceError): void;
  statistics(json: string): void;
  tokenRefresh(config: string): void;
  members(count: number): void;
  sharingEnded(): void;
}

/** Says only that every broker is unreachable, and says it again and again: the reason stands in an earlier event. */
const ALL_BROKERS_DOWN = '_ALL_BROKERS_DOWN';
/** Trying again will not help: the credentials or certificates are wrong. */
const REFUSALS: ReadonlySet<string> = new Set(['_AUTHENTICATION', '_SSL', 'SASL_AUTHENTICATION_FAILED']);

/**
 * A refusal from before somebody asked may have been cured since; librdkafka does not repeat one that stays the same. It
 * counts again when there has been time for another attempt.
 */
const OLD_REFUSAL_COUNTS_AFTER_MS = 3000;

/** TLS 1.3 has a broker refuse our certificate, or its lack, after the handshake: librdkafka calls that a broken connection. */
const ALERT = /SSL alert number (4[2-68]|116)\b/;
/** librdkafka breaks a connection itself when a request's time is over. */
const GAVE_UP_WAITING = /request\(s\) timed out|Timed out .* in-flight/;
/** And so it ends the attempts to connect again to a broker that is there and silent, which it takes for an old one. */
const HANDSHAKE_UNANSWERED =
  /ApiVersionRequest failed: Local: Timed out: probably due to broker version < 0\.10 \(see api\.version\.request configuration\)|Connection setup timed out in state (?!CONNECT)/;

export class BrokerEvents {
  #last: MillraceError | undefined;
  #refusal: { error: MillraceError; at: number } | undefined;
  #connectionLostAt = 0;
  #handshakeUnansweredAt = 0;
  #fatal: MillraceError | undefined;
  /** By broker: what the addon found wrong with its certificate, which the error that follows does not say. */
  readonly #certificates = new Map<string, string>();
  readonly #listeners: BrokerEventListeners;

  constructor(listeners: BrokerEventListeners) {
    this.#listeners = listeners;
  }

  /** The last complaint of any broker connection. */
  get last(): MillraceError | undefined {
    return this.#last;
  }

  /** When a connection was last refused or lost, other than by our own giving up on an answer; `performance.now()`, 0: never. */
  get connectionLostAt(): number {
    return this.#connectionLostAt;
  }

  /** When a broker last took a connection and said nothing; `performance.now()`, 0: never. */
  get handshakeUnansweredAt(): number {
    return this.#handshakeUnansweredAt;
  }

  /**
   * What keeps out somebody who has asked for an answer since `asked` (of `performance.now`), last at `again`: a complaint
   * that trying again will not cure, from before that last attempt, which was in vain too.
   */
  refusal(asked: number, again = Number.POSITIVE_INFINITY): MillraceError | undefined {
    const refusal = this.#refusal;
    if (refusal === undefined || refusal.at > again) return undefined;
    const isOld = refusal.at < asked && performance.now() - asked <= OLD_REFUSAL_COUNTS_AFTER_MS;
    return isOld ? undefined : refusal.error;
  }

  /** A broker has let us in: whatever was refused before counts no more. */
  letIn(): void {
    this.#refusal = undefined;
  }

  /** What ended the producer, if anything did (such as being fenced). */
  get fatal(): MillraceError | undefined {
    return this.#fatal;
  }

  /** The addon's callback. */
  readonly receive = (kind: number, code: number, fatal: boolean, facility: string, text: string): void => {
    switch (kind) {
      case NativeEvent.log:
        if (facility === 'SSLCERTVRFY') this.#rememberCertificate(withoutPrefix(text));
        if (facility === 'FAIL') this.#rememberFailure(withoutPrefix(text));
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
      case NativeEvent.members:
        this.#listeners.members(code);
        break;
      case NativeEvent.request:
        this.#listeners.request(readRequest(code, facility, text));
        break;
      case NativeEvent.sharingEnded:
        this.#listeners.sharingEnded();
        break;
    }
  };

  #rememberFailure(text: string): void {
    if (!HANDSHAKE_UNANSWERED.test(text)) {
      this.#remember(new MillraceError(text, '_TRANSPORT'));
      return;
    }
    this.#handshakeUnansweredAt = performance.now();
    const told = text.replace(HANDSHAKE_UNANSWERED, 'it took the connection, and did not answer in time');
    this.#last = new MillraceError(told, '_TRANSPORT');
  }

  #remember(error: MillraceError): void {
    this.#last = error;
    if (!GAVE_UP_WAITING.test(error.message)) this.#connectionLostAt = performance.now();
  }

  #receiveError(code: number, fatal: boolean, text: string): void {
    const name = kafkaErrorName(code);
    if (name === ALL_BROKERS_DOWN) return;
    const told = this.#explained(withoutPrefix(text));
    const error = ALERT.test(told)
      ? new MillraceError(`${told}: it wants a certificate that it trusts (see ssl.cert, ssl.key)`, '_SSL')
      : new MillraceError(told, name, { fatal });
    this.#remember(error);
    if (REFUSALS.has(error.code)) this.#refusal = { error, at: performance.now() };
    if (fatal) this.#fatal = error;
    this.#listeners.brokerError(error);
  }

  #rememberCertificate(text: string): void {
    const [, broker, names, reason] =
      /^(\S+): Certificate (\(.*\)) verification callback failed: (.*)$/.exec(text) ?? [];
    if (broker !== undefined) this.#certificates.set(broker, `${reason} ${names}`);
  }

  #explained(text: string): string {
    const broker = text.slice(0, text.indexOf(': '));
    const reason = this.#certificates.get(broker);
    if (reason === undefined || !text.includes('certificate verify failed')) return text;
    return `${broker}: ${reason}`;
  }
}

// "[thrd:127.0.0.1:9092/bootstrap]: 127.0.0.1:9092/bootstrap: Connect to …": the thread is of no interest.
function withoutPrefix(text: string): string {
  return text.replace(/^\[thrd:[^\]]*\]: /, '');
}

function readRequest(code: number, broker: string, text: string): RequestEvent {
  const [apiKey, apiVersion, responseBytes, roundTripUs] = text.split(' ').map(Number);
  return {
    // "ssl://host:9093/1": the protocol and the broker's id are left out.
    broker: broker.replace(/^\w+:\/\//, '').replace(/\/.*$/, ''),
    apiKey,
    apiVersion,
    responseBytes,
    roundTripMs: roundTripUs < 0 ? undefined : roundTripUs / 1000,
    error: code === 0 ? undefined : kafkaErrorName(code),
  };
}
