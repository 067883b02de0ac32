// Loads what a user's module exports, in whichever thread needs it.
import Module from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Rule } from '../check-given';
import { MillraceError, messageOf } from '../errors';

export interface ModulePath {
  /** A file's path or URL, or a package's name. */
  readonly module: string | URL;
  /** Default 'default', or else the module itself. */
  readonly export?: string | undefined;
}

export const MODULE: Rule = {
  must: 'a path, a URL or a package',
  fits: (value) => typeof value === 'string' || value instanceof URL,
};

/** The function that the module exports. @throws MillraceError MODULE_FAILED */
export async function loadFunction({
  module,
  export: name,
}: ModulePath): Promise<(options: unknown) => unknown> {
  let loaded: Record<string, unknown>;
  try {
    loaded = (await importFromApplication(specifierOf(module))) as Record<string, unknown>;
  } catch (cause) {
    throw new MillraceError(`module ${module} could not be loaded: ${messageOf(cause)}`, 'MODULE_FAILED', {
      cause,
    });
  }
  const found = name === undefined ? defaultOf(loaded) : (loaded[name] ?? asObject(loaded.default)[name]);
  if (typeof found === 'function') return found as (options: unknown) => unknown;
  throw new MillraceError(
    `module ${module} exports no function ${name === undefined ? 'by default' : name}`,
    'MODULE_FAILED',
  );
}

// A CommonJS module that was compiled from an ES one has its default in `default.default`.
function defaultOf(loaded: Record<string, unknown>): unknown {
  return asObject(loaded.default).default ?? loaded.default;
}

function asObject(value: unknown): Record<string, unknown> {
  return value !== null && (typeof value === 'object' || typeof value === 'function')
    ? (value as Record<string, unknown>)
    : {};
}

function specifierOf(module: string | URL): string {
  if (module instanceof URL) return module.href;
  if (isAbsolute(module)) return pathToFileURL(module).href;
  return /^\.\.?[\\/]/.test(module) ? pathToFileURL(resolve(module)).href : module;
}

/**
 * Names that are neither paths nor URLs are packages', which the application has, not we; and as it would import them,
 * since some have nothing to require. Node looks for them from where the module that imports is, so there is one made
 * there, of a file that need not exist.
 */
function importFromApplication(specifier: string): Promise<unknown> {
  const filename = resolve('application.cjs');
  const there = new Module(filename) as Module & { _compile(code: string, filename: string): void };
  there._compile('module.exports = (specifier) => import(specifier);', filename);
  return there.exports(specifier);
}
