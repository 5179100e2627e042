// Checks everything in order, stops at the first failure and says what to run to put it right.
//
//   npm run check              everything
//   npm run check -- static    only what needs no program to run: generated code, types, style, protos
import { spawnSync } from 'node:child_process';

interface Step {
  readonly heading: string;
  /** What `npm run` is given. */
  readonly script: readonly string[];
  readonly fix: string;
}

const STATIC_STEPS: readonly Step[] = [
  {
    heading: 'generated code is what proto/ says',
    script: ['generate:check'],
    fix: 'run `npm run generate`',
  },
  {
    heading: 'dashboard, alerts and docs of the metrics are what the metrics say',
    script: ['monitoring:check'],
    fix: 'run `npm run monitoring`',
  },
  {
    heading: 'the manual page is what the program says',
    script: ['manual:check'],
    fix: 'run `npm run manual`',
  },
  {
    heading: 'types',
    script: ['types'],
    fix: 'correct the places above; `npm run types` repeats this step',
  },
  {
    heading: 'format',
    script: ['format:check'],
    fix: 'run `npm run format`',
  },
  {
    heading: 'lint',
    script: ['lint'],
    fix: 'run `npx biome lint --write` for what it can correct; `npm run lint` repeats this step',
  },
  {
    heading: 'protos keep the style guide',
    script: ['proto:lint'],
    fix: 'correct the places above; `npm run proto:lint` repeats this step',
  },
  {
    heading: 'protos break no published contract',
    script: ['proto:breaking'],
    fix: 'undo the change, or read "Protos" in CONTRIBUTING.md for when `npm run proto:accept` is right',
  },
];

const RUNNING_STEPS: readonly Step[] = [
  {
    heading: 'tests',
    script: ['test'],
    fix: 'run `npm test -- <part of a path>` for one file',
  },
  {
    heading: 'simulation, 55 seeds of all families',
    script: ['sim', '--', '--seeds', '55'],
    fix: 'run the `replay:` line above',
  },
  {
    heading: 'simulation, 25 seeds of fleets with certificates',
    script: ['sim', '--', '--family', 'trust', '--seeds', '25', '--hours', '0.06'],
    fix: 'run the `replay:` line above',
  },
];

function main(selection: string | undefined): void {
  if (selection !== undefined && selection !== 'static') {
    console.error(
      `There is no selection "${selection}"; \`npm run check\` takes \`static\` or nothing.`,
    );
    process.exitCode = 2;
    return;
  }
  const steps = selection === 'static' ? STATIC_STEPS : [...STATIC_STEPS, ...RUNNING_STEPS];
  const startedAt = performance.now();
  for (const [index, step] of steps.entries()) {
    if (!runStep(step, `${index + 1}/${steps.length}`)) {
      process.exitCode = 1;
      return;
    }
  }
  console.log(`\nAll ${steps.length} steps passed in ${secondsSince(startedAt)}.`);
}

function runStep(step: Step, position: string): boolean {
  console.log(`\n── ${position} ${step.heading} ──`);
  const startedAt = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', ...step.script], { stdio: 'inherit' });
  if (status === 0) {
    console.log(`✔ ${secondsSince(startedAt)}`);
    return true;
  }
  console.error(`\n✖ "${step.heading}" failed after ${secondsSince(startedAt)}: ${step.fix}.`);
  return false;
}

function secondsSince(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

main(process.argv[2]);
