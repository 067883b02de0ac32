// When a broker's refusal is told to whoever waits for an answer: not when it may have been cured.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NativeEvent } from '../../src/addon';
import { kafkaErrorCode } from '../../src/errors';
import { BrokerEvents } from '../../src/handover/broker-events';

function brokerEvents(): BrokerEvents {
  const nobody = () => {};
  return new BrokerEvents({
    request: nobody,
    log: nobody,
    brokerError: nobody,
    statistics: nobody,
    tokenRefresh: nobody,
    members: nobody,
    sharingEnded: nobody,
  });
}

function tell(events: BrokerEvents, code: string): void {
  events.receive(NativeEvent.error, kafkaErrorCode(code) as number, false, '', `localhost:1: ${code}`);
}

describe('a refusal', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('counts for who asked before it and once more after it', () => {
    const events = brokerEvents();
    const asked = performance.now();
    vi.advanceTimersByTime(100);
    tell(events, '_AUTHENTICATION');
    expect(events.refusal(asked)).toMatchObject({ code: '_AUTHENTICATION' });
    expect(events.refusal(asked, asked + 50)).toBeUndefined();
    expect(events.refusal(asked, asked + 150)).toMatchObject({ code: '_AUTHENTICATION' });
  });

  it('from before counts when there has been time for another attempt', () => {
    const events = brokerEvents();
    tell(events, '_SSL');
    vi.advanceTimersByTime(100);
    const asked = performance.now();
    expect(events.refusal(asked)).toBeUndefined();
    vi.advanceTimersByTime(3100);
    expect(events.refusal(asked)).toMatchObject({ code: '_SSL' });
  });

  it('is forgotten when a broker has let us in, and is none when the broker is only away', () => {
    const events = brokerEvents();
    const asked = performance.now();
    tell(events, '_AUTHENTICATION');
    events.letIn();
    tell(events, '_TRANSPORT');
    vi.advanceTimersByTime(10_000);
    expect(events.refusal(asked)).toBeUndefined();
  });
});
