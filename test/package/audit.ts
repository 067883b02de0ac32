// `npm run test:audit`: fails when an advisory is known about a package that users install. Where the registry has no
// advisories to ask for, it says so and passes: that is no finding.
import { spawnSync } from 'node:child_process';

export interface Verdict {
  outcome: 'clean' | 'findings' | 'not checked';
  text: string;
}

interface Report {
  vulnerabilities?: Record<string, { severity: string; range: string }>;
  metadata?: { vulnerabilities: { total: number }; dependencies: { prod: number } };
  statusCode?: number;
  message?: string;
}

/** Of what `npm audit --json` prints. */
export function verdictOf(json: string): Verdict {
  let report: Report;
  try {
    report = JSON.parse(json);
  } catch {
    report = {};
  }
  const { metadata, vulnerabilities = {} } = report;
  if (metadata === undefined) {
    const reason =
      report.message ?? `the registry answered ${report.statusCode ?? 'nothing that can be read'}`;
    return { outcome: 'not checked', text: `NOT CHECKED for known vulnerabilities: ${reason}` };
  }
  if (metadata.vulnerabilities.total === 0) {
    return { outcome: 'clean', text: 'No vulnerability is known in the packages that users install.' };
  }
  const lines = Object.entries(vulnerabilities).map(
    ([name, { severity, range }]) => `  ${name} ${range}: ${severity}`,
  );
  return {
    outcome: 'findings',
    text: `Known vulnerabilities in packages that users install:\n${lines.join('\n')}`,
  };
}

if (require.main === module) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });
  const { outcome, text } = verdictOf(stdout ?? '');
  const frame = outcome === 'not checked' ? '!'.repeat(80) : '';
  console.error([frame, text, frame].join('\n').trim());
  if (outcome === 'findings') process.exitCode = 1;
}
