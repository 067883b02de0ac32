// What callers give a method beside records: options and arguments, each read once and held against a rule. What is
// looked at may be a getter or a proxy: those run the caller's code, which may throw anything.
import { ConfigError, describeValue, messageOf } from './errors';
import { isPlainObject } from './serialize/field-length';

/** What a value must be, in words, and whether it is. */
export interface Rule {
  must: string;
  fits: (value: unknown) => boolean;
  /** Options only: it may not be left out. */
  required?: true;
}

/** Values by name: what a Map or a Date holds is not in its properties. */
export function isNamed(value: unknown): value is Record<string, unknown> {
  if (!isObject(value) || Array.isArray(value)) return false;
  return isPlainObject(value) || Object.keys(value).length > 0;
}

const isObject = (value: unknown): value is object => value !== null && typeof value === 'object';

export const ANYTHING: Rule = { must: 'anything', fits: () => true };
export const BOOLEAN: Rule = { must: 'true or false', fits: (value) => typeof value === 'boolean' };
export const FUNCTION: Rule = { must: 'a function', fits: (value) => typeof value === 'function' };
export const OBJECT: Rule = { must: 'an object', fits: isObject };
export const NAME: Rule = {
  must: 'a string that is not empty',
  fits: (value) => typeof value === 'string' && value !== '',
};

/** By what it can do: a signal may come from another realm, as in test environments, or from a library. */
export const SIGNAL: Rule = {
  must: 'an AbortSignal',
  fits: (value) => {
    const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignal>;
    return (
      typeof aborted === 'boolean' &&
      typeof addEventListener === 'function' &&
      typeof removeEventListener === 'function'
    );
  },
};

export function integerFrom(least: number, most = Number.MAX_SAFE_INTEGER): Rule {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return {
    must: `an integer ${range}`,
    fits: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  };
}

export function oneOf(...choices: readonly string[]): Rule {
  return {
    must: choices
      .map((choice) => `'${choice}'`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1'),
    fits: (value) => choices.includes(value as string),
  };
}

export function required(rule: Rule): Rule {
  return { ...rule, required: true };
}

/** Runs what looks into a value of the caller's. @throws ConfigError: its own, or for whatever else was thrown */
export function lookInto<T>(what: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${what} could not be read: ${messageOf(error)}`, error);
  }
}

/** @param what the call and its argument, such as `transact: work` @throws ConfigError */
export function check(what: string, rule: Rule, value: unknown): void {
  if (!lookInto(what, () => rule.fits(value))) {
    throw new ConfigError(`${what} must be ${rule.must}, got ${describeValue(value)}`);
  }
}

/** For what goes to another thread. @throws ConfigError */
export function checkCloneable(what: string, value: unknown): void {
  try {
    structuredClone(value);
  } catch (error) {
    throw new ConfigError(
      `${what} must be something that can be cloned (structuredClone): ${messageOf(error)}`,
      error,
    );
  }
}

/**
 * Options by their rules; there may be no others. Those left out are undefined.
 * @param within where the options stand, when that is another option
 * @throws ConfigError
 */
export function readOptions<T extends object>(
  call: string,
  given: T | undefined,
  rules: { readonly [Name in keyof T]-?: Rule },
  within?: string,
): Partial<T> {
  const read: Partial<T> = {};
  const names = Object.keys(rules) as (keyof T & string)[];
  const prefix = within === undefined ? '' : `${within}.`;
  if (given !== undefined) {
    check(`${call}: ${within ?? 'options'}`, OBJECT, given);
    refuseUnknown(call, given, names, prefix);
  }
  for (const name of names) {
    const what = `${call}: ${prefix}${name}`;
    const value = lookInto(what, () => given?.[name]);
    if (value === undefined && rules[name].required === undefined) continue;
    check(what, rules[name], value);
    read[name] = value;
  }
  return read;
}

/** @throws ConfigError for an option that has no rule */
function refuseUnknown(call: string, given: object, known: readonly string[], within = ''): void {
  const unknown = lookInto(`${call}: options`, () => Object.keys(given)).find(
    (name) => !known.includes(name),
  );
  if (unknown === undefined) return;
  throw new ConfigError(`${call}: unknown option ${within}${unknown}${didYouMean(unknown, known)}`);
}

/** For a name that differs from one that is known in case, dots, dashes or underscores only. Begins with a colon. */
export function didYouMean(name: string, known: readonly string[]): string {
  const bare = (text: string) => text.replace(/[._-]/g, '').toLowerCase();
  const alike = known.find((option) => bare(option) === bare(name));
  return alike === undefined ? '' : `: did you mean ${alike}?`;
}
