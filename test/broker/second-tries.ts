// At the end of a run: which tests passed on a second try only, and what their first one failed with. Such a test, or what it
// tests, depends on how busy the machine is, and wants to be looked into.

// What this file needs of vitest's TestModule, whose own declaration only ES modules can import.
interface TestModule {
  readonly relativeModuleId: string;
  readonly children: { allTests(): Iterable<TestCase> };
}

interface TestCase {
  readonly fullName: string;
  diagnostic(): { readonly flaky: boolean } | undefined;
  result(): { readonly errors?: readonly { readonly message: string }[] };
}

/** A line for each test. */
export function secondTries(modules: readonly TestModule[]): string[] {
  return modules.flatMap(({ relativeModuleId, children }) =>
    [...children.allTests()]
      .filter((test) => test.diagnostic()?.flaky)
      .map((test) => `${relativeModuleId} > ${test.fullName}: ${test.result().errors?.[0]?.message}`),
  );
}

/** A reporter for vitest's `reporters`. */
export default class SecondTries {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = secondTries(modules);
    if (lines.length > 0) console.warn(['\nPASSED ON A SECOND TRY ONLY:', ...lines, ''].join('\n  '));
  }
}
