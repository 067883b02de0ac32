// At the end of a run: which files were skipped in part or as a whole, for what is not on this machine.

const MARK = ' (skipped: ';

/** The name of a describe block that this reporter is to find. */
export function skippedName(name: string, reason: string): string {
  return `${name}${MARK}${reason})`;
}

// What this file needs of vitest's TestModule, whose own declaration only ES modules can import.
interface TestModule {
  readonly relativeModuleId: string;
  readonly children: { allSuites(): Iterable<{ readonly name: string }> };
}

/** A line for each file that has such blocks, with the reasons. */
export function skippedFiles(modules: readonly TestModule[]): string[] {
  return modules.flatMap(({ relativeModuleId, children }) => {
    const reasons = [...children.allSuites()]
      .filter(({ name }) => name.includes(MARK))
      .map(({ name }) => name.slice(name.lastIndexOf(MARK) + MARK.length, -1));
    return reasons.length === 0 ? [] : [`${relativeModuleId}: ${[...new Set(reasons)].join('; ')}`];
  });
}

/** A reporter for vitest's `reporters`. */
export default class SkippedFiles {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = skippedFiles(modules);
    if (lines.length > 0) console.warn(['\nSKIPPED, wholly or in part:', ...lines, ''].join('\n  '));
  }
}
