// Takes a record's key out of its value, by a dotted path such as `user.id`.

/** The value has a key that cannot be used. */
export class KeyError extends Error {}

export class KeyPath {
  private readonly steps: readonly string[];
  /** Whether the path can be followed in JSON that was decoded as Latin-1. */
  readonly isAscii: boolean;

  constructor(readonly path: string) {
    this.steps = path.split('.');
    this.isAscii = !/[\u0080-\uffff]/.test(path);
  }

  /** Strings as they are, numbers and booleans as text, objects as JSON; null where there is nothing. */
  keyOf(value: unknown): string | null {
    let found = value;
    for (const step of this.steps) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return null;
      found = (found as Record<string, unknown>)[step];
    }
    return this.toKey(found);
  }

  private toKey(found: unknown): string | null {
    if (found === null) return null;
    if (typeof found === 'string') return found;
    // Different large integers become the same number here: better no record than one under another's key.
    if (hasLost(found)) {
      throw new KeyError(`key field ${this.path}: an integer beyond 2^53 loses digits; write it as a string`);
    }
    return typeof found === 'object' ? JSON.stringify(found) : String(found);
  }
}

/** Whether it is a number that may not be the one that was written, or has any. */
function hasLost(found: unknown): boolean {
  if (typeof found === 'number') {
    return !Number.isFinite(found) || (Number.isInteger(found) && !Number.isSafeInteger(found));
  }
  return typeof found === 'object' && found !== null && Object.values(found).some(hasLost);
}
