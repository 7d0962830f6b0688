// Writes the manifests of every environment: `npm run synth`, or `npx cdk8s synth`, which names the folder.
import { createCommand } from 'commander';
import { reasonOf } from '../src/shared/errors.ts';
import { aws, local, tilt } from './environments.ts';
import { synthesize } from './synth.ts';

createCommand('npm run synth --')
  .description('Writes the manifests of every environment to k8s/, or to the folder that CDK8S_OUTDIR names.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
const outFolder = process.env.CDK8S_OUTDIR ?? 'k8s';
try {
  for (const environment of [local, tilt, aws]) synthesize(environment, outFolder);
} catch (error) {
  console.error(`The manifests were not written to ${outFolder}: ${reasonOf(error)}`);
  process.exitCode = 2;
}
